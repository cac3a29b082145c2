"""Repositories: records in, records out, over one unit of work.

`UnitOfWork` groups one repository per aggregate: `books`, `takes`, `voices`, `runs`, `masters`, `editions`,
`decisions`, `reviews`, `word_times`, `hearings`, `stores`; and `references`, which looks at them all.
Obtained from `storage.database.Database.unit_of_work()`. Rows and SQL stay in here. Modules of this package import each
other, never the package itself. It must not know where the database is.
"""

from storage.repository.books import Books
from storage.repository.decisions import Decisions
from storage.repository.editions import Editions
from storage.repository.hearings import HeardUtterance, Hearings
from storage.repository.masters import Masters
from storage.repository.references import References
from storage.repository.reviews import Reviews
from storage.repository.runs import Runs
from storage.repository.stores import Stores
from storage.repository.takes import Takes
from storage.repository.unit_of_work import UnitOfWork
from storage.repository.voices import Voices
from storage.repository.word_times import WordTimes

__all__ = [
    "Books",
    "Decisions",
    "Editions",
    "HeardUtterance",
    "Hearings",
    "Masters",
    "References",
    "Reviews",
    "Runs",
    "Stores",
    "Takes",
    "UnitOfWork",
    "Voices",
    "WordTimes",
]
