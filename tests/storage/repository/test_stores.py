"""The database knows one artifact store, until that is forgotten on purpose."""


def test_the_first_store_is_adopted_and_no_other_after_it(uow):
    assert uow.stores.identity() is None
    assert uow.stores.adopt("first") == "first"
    assert uow.stores.adopt("second") == "first"
    assert uow.stores.identity() == "first"


def test_a_forgotten_store_gives_way(uow):
    uow.stores.adopt("first")
    uow.stores.forget()
    assert uow.stores.identity() is None
    assert uow.stores.adopt("second") == uow.stores.identity() == "second"
