BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE "blocks" (
	book_id INTEGER NOT NULL, 
	chapter_index INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	text TEXT NOT NULL, 
	source TEXT NOT NULL, 
	markup JSON NOT NULL, 
	CONSTRAINT pk_blocks PRIMARY KEY (book_id, chapter_index, "index"), 
	CONSTRAINT fk_blocks_book_id_chapter_index_chapters FOREIGN KEY(book_id, chapter_index) REFERENCES chapters (book_id, "index") ON DELETE CASCADE
);
INSERT INTO "blocks" VALUES(1,0,0,'heading','One','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,0,1,'paragraph','"Who is there?" she asked. Nobody answered, and the rain went on.','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,0,2,'paragraph','I am here, said a voice.','lamp.md','[{"start": 0, "end": 10, "kind": "voice", "value": "awb"}, {"start": 24, "end": 24, "kind": "pause", "value": "1.5"}]');
INSERT INTO "blocks" VALUES(1,0,3,'paragraph','The tallow was cold; it had been cold since 1896, when Mr. Hale left for good.','lamp.md','[{"start": 4, "end": 10, "kind": "respell", "value": "TAL-ow"}]');
INSERT INTO "blocks" VALUES(1,0,4,'quote','A lamp is a promise.','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,1,0,'heading','Two','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,1,1,'paragraph','He came back at 10:30, with £5 in his pocket and a letter from Dr. Moore.','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,1,2,'scene_break','','lamp.md','[]');
INSERT INTO "blocks" VALUES(1,1,3,'paragraph','"Who is there?" she asked. The dragon slept.','lamp.md','[]');
CREATE TABLE "books" (
	id INTEGER NOT NULL, 
	source_sha256 TEXT NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	title TEXT NOT NULL, 
	authors JSON NOT NULL, 
	language TEXT NOT NULL, 
	identifier TEXT NOT NULL, 
	publisher TEXT NOT NULL, 
	date TEXT NOT NULL, 
	description TEXT NOT NULL, 
	cover BLOB, 
	cover_media_type TEXT NOT NULL, 
	warnings JSON NOT NULL, 
	added_at DATETIME NOT NULL, 
	series TEXT NOT NULL, 
	series_position TEXT NOT NULL, 
	identifiers JSON NOT NULL, 
	CONSTRAINT pk_books PRIMARY KEY (id), 
	CONSTRAINT uq_books_source_sha256 UNIQUE (source_sha256)
);
INSERT INTO "books" VALUES(1,'643a7e6b82467076787c8bc9c7d52b93f25b8774e668e9a5adfed298fbfa7372','41494c400c2852875a666aea3c06f9b74adebcf2e5484f42a41129a55c81fb3a','The Lamp','["A. Writer"]','','','','','',NULL,'','[]','2026-11-29 13:13:16.059039','','','[]');
CREATE TABLE chapters (
	book_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	CONSTRAINT pk_chapters PRIMARY KEY (book_id, "index"), 
	CONSTRAINT fk_chapters_book_id_books FOREIGN KEY(book_id) REFERENCES books (id) ON DELETE CASCADE
);
INSERT INTO "chapters" VALUES(1,0,'One');
INSERT INTO "chapters" VALUES(1,1,'Two');
CREATE TABLE edition_chapters (
	edition_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	start DOUBLE NOT NULL, 
	"end" DOUBLE NOT NULL, 
	CONSTRAINT pk_edition_chapters PRIMARY KEY (edition_id, position), 
	CONSTRAINT fk_edition_chapters_edition_id_editions FOREIGN KEY(edition_id) REFERENCES editions (id) ON DELETE CASCADE
);
INSERT INTO "edition_chapters" VALUES(1,0,'One',0.0,23.984);
INSERT INTO "edition_chapters" VALUES(1,1,'Two',23.984,40.429875);
CREATE TABLE edition_files (
	edition_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	path TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	bytes BIGINT NOT NULL, 
	CONSTRAINT pk_edition_files PRIMARY KEY (edition_id, position), 
	CONSTRAINT fk_edition_files_edition_id_editions FOREIGN KEY(edition_id) REFERENCES editions (id) ON DELETE CASCADE
);
INSERT INTO "edition_files" VALUES(1,0,'m4b','/library/out/The Lamp.m4b','b248d7aceafa2195a585dd3c899adf4b7b4149909418103f62ca5db143fff28f',365896);
INSERT INTO "edition_files" VALUES(1,1,'manifest','/library/out/The Lamp.manifest.json','2ad9904bbfdaa577466bf74195ebb01e0a6b644114a08df593980c10e8de68c4',5244);
CREATE TABLE editions (
	id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	content_key TEXT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	published_at DATETIME NOT NULL, 
	CONSTRAINT pk_editions PRIMARY KEY (id), 
	CONSTRAINT fk_editions_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_editions_run_id UNIQUE (run_id)
);
INSERT INTO "editions" VALUES(1,'3faccb3c3e9c49399d2c5b2bb0a47d22','e5f9eb03b04eabfb8b7612bdc37cced827521fcd0d948209e665b6c3590f0431',40.429875,'2026-11-29 13:13:19.960291');
CREATE TABLE ledger_entries (
	book_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	chapter_index INTEGER, 
	text TEXT NOT NULL, 
	chars INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	rule TEXT NOT NULL, 
	CONSTRAINT pk_ledger_entries PRIMARY KEY (book_id, position), 
	CONSTRAINT fk_ledger_entries_book_id_books FOREIGN KEY(book_id) REFERENCES books (id) ON DELETE CASCADE
);
INSERT INTO "ledger_entries" VALUES(1,0,0,'One',3,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,1,0,'"Who is there?" she asked.',22,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,2,0,'Nobody answered, and the rain went on.',32,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,3,0,'I am here,',8,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,4,0,'said a voice.',11,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,5,0,'The tallow was cold; it had been cold since 1896, when Mr. Hale left for good.',63,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,6,0,'A lamp is a promise.',16,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,7,1,'Two',3,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,8,1,'He came back at 10:30, with £5 in his pocket and a letter from Dr. Moore.',58,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,9,1,'"Who is there?" she asked. The dragon slept.',37,'spoken','');
INSERT INTO "ledger_entries" VALUES(1,10,NULL,'--- title: The Lamp author: A. Writer ---',34,'skipped','front-matter');
INSERT INTO "ledger_entries" VALUES(1,11,NULL,'The Lamp',7,'skipped','half-title-page');
INSERT INTO "ledger_entries" VALUES(1,12,0,'[[voice awb]]',12,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,13,0,'[[/voice]]',10,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,14,0,'[[pause 1.5]]',12,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,15,0,'[[say TAL-ow]]',13,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,16,0,'[[/say]]',8,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,17,0,'[[skip]]',8,'skipped','markup');
INSERT INTO "ledger_entries" VALUES(1,18,0,'(See the notes.)',14,'skipped','markup-skip');
INSERT INTO "ledger_entries" VALUES(1,19,0,'[[/skip]]',9,'skipped','markup');
CREATE TABLE masters (
	"key" TEXT NOT NULL, 
	audio_sha256 TEXT NOT NULL, 
	sample_rate INTEGER NOT NULL, 
	samples BIGINT NOT NULL, 
	loudness_lufs DOUBLE NOT NULL, 
	true_peak_dbtp DOUBLE NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_masters PRIMARY KEY ("key")
);
INSERT INTO "masters" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df','b48c5868a941b8ca38fe69f467275b36b9cfe07c3813793ac0b8d4330ee9e3a1',24000,563616,-1.90474441711282231892e+01,-5.01141540887083625221e+00,'2026-11-29 13:13:17.718770');
INSERT INTO "masters" VALUES('a483ac551f3e065c1aefb56e908876bb7f7f176a6f8956e0d9518ddcd16770b4','91106a426ac7e6b908c48a23ef41d409adbf4bb355a370ce810423ff62264cf9',24000,406701,-1.9054916393874513858e+01,-7.36579893690447651266e+00,'2026-11-29 13:13:18.126083');
CREATE TABLE placements (
	master_key TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	utterance_index INTEGER NOT NULL, 
	take_key TEXT NOT NULL, 
	start_sample BIGINT NOT NULL, 
	end_sample BIGINT NOT NULL, 
	CONSTRAINT pk_placements PRIMARY KEY (master_key, position), 
	CONSTRAINT fk_placements_master_key_masters FOREIGN KEY(master_key) REFERENCES masters ("key") ON DELETE CASCADE
);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',0,0,'0db194fc6134a19b1b7d3a0fd464562b57971981daae86350f1959e5e42f1855',0,6576);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',1,1,'1a99d2b8348443f988caa40effd049fca70ce917f8a01e3fdc48304891d2d825',42576,88584);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',2,2,'eb984a63c2f844339c9ffcbf4a0723bcfbab73217afec31eb75a39649b007b0b',100584,167160);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',3,3,'1554d194f0fb3743e292552e2ae90582551395d86d1cea0060810e3461670810',186360,204936);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',4,4,'092a418370ee306a38f2287bdcfbca256f93876a67cae1c1efef20a998ec1f8c',210936,234672);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',5,5,'04a3c5b3b443788d4a1ea0e15440fe61a51f88b0b7fa197b68241ceba1f6fa12',270672,436680);
INSERT INTO "placements" VALUES('b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df',6,6,'602672ebfae98f4b08ea33ab6acbd5ec6aec58aff07d597b3acbc449bbb31bdc',455880,491616);
INSERT INTO "placements" VALUES('a483ac551f3e065c1aefb56e908876bb7f7f176a6f8956e0d9518ddcd16770b4',0,0,'ac3a1204d3665308eb18191c97483d3ecb468c80b67095a02bcb8a321096c54c',12000,18576);
INSERT INTO "placements" VALUES('a483ac551f3e065c1aefb56e908876bb7f7f176a6f8956e0d9518ddcd16770b4',1,1,'7547021851f250b32256ac742ca1c968df5cf3081bf0cf7d14b6a00b19db5d04',54576,210312);
INSERT INTO "placements" VALUES('a483ac551f3e065c1aefb56e908876bb7f7f176a6f8956e0d9518ddcd16770b4',2,2,'6cb40e61e9cc61281cebd87d3fd6a4c092fa4dd0380df86063b59500dbde07a3',253512,334701);
CREATE TABLE runs (
	id TEXT NOT NULL, 
	book_id INTEGER NOT NULL, 
	flow TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	request JSON NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	message TEXT NOT NULL, 
	process TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	heartbeat_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT fk_runs_book_id_books FOREIGN KEY(book_id) REFERENCES books (id) ON DELETE CASCADE
);
INSERT INTO "runs" VALUES('3faccb3c3e9c49399d2c5b2bb0a47d22',1,'book_to_audio','flagged','{"book": "/library/lamp.md", "out": "/library/out", "voice": "slt", "preset": "fast", "chapters": null, "plan": null, "cast": null, "lexicon": null, "locale": null, "force": false}',10,10,'1 flagged takes','elsewhere 701f8f61-bbc3-4ba7-a944-04f0b1359169 19717 111707','2026-11-29 13:13:16.091956','2026-11-29 13:13:19.979467','2026-11-29 13:13:19.979467');
CREATE TABLE skips (
	book_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	chapter_index INTEGER, 
	text TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	source TEXT NOT NULL, 
	CONSTRAINT pk_skips PRIMARY KEY (book_id, position), 
	CONSTRAINT fk_skips_book_id_books FOREIGN KEY(book_id) REFERENCES books (id) ON DELETE CASCADE
);
INSERT INTO "skips" VALUES(1,0,NULL,'--- title: The Lamp author: A. Writer ---','front-matter','lamp.md');
INSERT INTO "skips" VALUES(1,1,NULL,'The Lamp','half-title-page','lamp.md');
INSERT INTO "skips" VALUES(1,2,0,'[[voice awb]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,3,0,'[[/voice]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,4,0,'[[pause 1.5]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,5,0,'[[say TAL-ow]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,6,0,'[[/say]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,7,0,'[[skip]]','markup','lamp.md');
INSERT INTO "skips" VALUES(1,8,0,'(See the notes.)','markup-skip','lamp.md');
INSERT INTO "skips" VALUES(1,9,0,'[[/skip]]','markup','lamp.md');
CREATE TABLE takes (
	"key" TEXT NOT NULL, 
	utterance_key TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	audio_sha256 TEXT NOT NULL, 
	sample_rate INTEGER NOT NULL, 
	samples INTEGER NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	reasons JSON NOT NULL, 
	scores JSON NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_takes PRIMARY KEY ("key"), 
	CONSTRAINT ck_takes_attempt CHECK (attempt >= 0), 
	CONSTRAINT ck_takes_audio CHECK (samples > 0 AND sample_rate > 0), 
	CONSTRAINT uq_takes_utterance_key_attempt UNIQUE (utterance_key, attempt), 
	CONSTRAINT uq_takes_utterance_key_key UNIQUE (utterance_key, "key")
);
INSERT INTO "takes" VALUES('04a3c5b3b443788d4a1ea0e15440fe61a51f88b0b7fa197b68241ceba1f6fa12','5dbe990de4ea51b163e6494a369e14884c64c3644e2b42ecbb430cbd54c9ec27',0,167164086484843590,'242f58ac1f2ee57b08d14c99c8d527feb18a30edc2e734a669099ea9477533f7',24000,166008,'ok','[]','{"clvp": 0.8911592283731391, "rms_dbfs": -21.56408, "clipped_share": 0.0, "dc_offset": 0.0, "seconds_per_char": 0.072052, "inner_silence_s": 0.02, "tail_db": -58.334792, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('7547021851f250b32256ac742ca1c968df5cf3081bf0cf7d14b6a00b19db5d04','ab0e95233a9728db0ba8d7ec525671da7a9b5f5e40d48898bc96b741ada771e9',0,4225362764630665305,'3e1a627778f7795326813d77038b60b425c9bc7799e8bac6df27555e225a1f4d',24000,155736,'ok','[]','{"clvp": 0.9137028489562213, "rms_dbfs": -21.542962, "clipped_share": 0.0, "dc_offset": 3e-06, "seconds_per_char": 0.0721, "inner_silence_s": 0.02, "tail_db": -58.744866, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('0cbcac648b98ad49b4fc3277e384ab9a14bb5aa1c9119794dcaf505a1ae0ec02','5b32e6e00db04e00331b93ccac2d617e73ba75da8077081d6ef07f7fbf1420de',0,458898985957742244,'276b7a8c49fa97b221a6a53d0e54b38490ed35e50226938f6a21d62cd6470468',24000,81189,'doubtful','["silence: -144 dBFS", "silence of 3.4 s inside"]','{"clvp": 0.6553976803394763, "rms_dbfs": -144.0, "clipped_share": 0.0, "dc_offset": 0.0, "seconds_per_char": 0.076884, "inner_silence_s": 3.38, "tail_db": 0.0, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 3.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('eb984a63c2f844339c9ffcbf4a0723bcfbab73217afec31eb75a39649b007b0b','6c8943466b90d9604ffb6ead846d8a66a96c7f782feddfebda7b9e9d7b97d2dd',0,8488200293853176345,'4b8f0933c8ba59141d2f3e8d63ff842d6c02dd8ee625542a52cadfddcdc79536',24000,66576,'ok','[]','{"clvp": 0.5905040533545808, "rms_dbfs": -21.377077, "clipped_share": 0.0, "dc_offset": 5e-06, "seconds_per_char": 0.073, "inner_silence_s": 0.02, "tail_db": -58.758536, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('1a99d2b8348443f988caa40effd049fca70ce917f8a01e3fdc48304891d2d825','26031f9d9c64fa31086a324295ec369cbb3a337f8891183fff7bf47e0d21d893',0,958397402509877756,'345ac0020f3612ba5d4dc77d90bd1d54bf2a867fe3dddba07f4c2f176917db91',24000,46008,'ok','[]','{"clvp": 0.5421241978419216, "rms_dbfs": -21.460554, "clipped_share": 0.0, "dc_offset": 1.2e-05, "seconds_per_char": 0.073731, "inner_silence_s": 0.02, "tail_db": -58.230107, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('602672ebfae98f4b08ea33ab6acbd5ec6aec58aff07d597b3acbc449bbb31bdc','af7c3cf99b648becda1140a8f3ea919d3d511a97aba3abba7a163b7bf39601a4',0,3464175717304289189,'a2dbda53f697995109ca97576448585d6a87f5fb3dc9ed3b1bc2c12a555395a7',24000,35736,'ok','[]','{"clvp": 0.0840837252082296, "rms_dbfs": -21.674895, "clipped_share": 0.0, "dc_offset": 6.9e-05, "seconds_per_char": 0.07445, "inner_silence_s": 0.02, "tail_db": -58.451912, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('092a418370ee306a38f2287bdcfbca256f93876a67cae1c1efef20a998ec1f8c','2af6a2554bd2f6705ba91b2028130ab74a4b5b546c9a1e568c2610d74bbf815a',0,330206164077189173,'6d489fcde576639a7f81c79a244b9a5e498257669e942de8f62c7befb0074901',24000,23736,'ok','[]','{"clvp": 0.652755163349494, "rms_dbfs": -21.67859, "clipped_share": 0.0, "dc_offset": -3.7e-05, "seconds_per_char": 0.076077, "inner_silence_s": 0.02, "tail_db": -58.292103, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('1554d194f0fb3743e292552e2ae90582551395d86d1cea0060810e3461670810','1269e2b503c1cd62b93fe72ffc2ffc0764685e8062146a3b6bb47ca8e35281b8',0,768541905234271137,'0cf39fa8b3b742c302c62354aedeab63460b2a08d26c396fccccea9aac8609ef',24000,18576,'ok','[]','{"clvp": 0.8358223543651622, "rms_dbfs": -22.535126, "clipped_share": 0.0, "dc_offset": -1.5e-05, "seconds_per_char": 0.0774, "inner_silence_s": 0.02, "tail_db": -57.562092, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('ac3a1204d3665308eb18191c97483d3ecb468c80b67095a02bcb8a321096c54c','abb95ba82cb78d03790be79ee708690e717489af08d5f6f923eda8caf46529ab',0,6205125767554345348,'7119902d68446ba5f043b54b0a10cb51f554b22517cb340a2f37d10c15c42fd4',24000,6576,'ok','[]','{"clvp": 0.14241574672518342, "rms_dbfs": -21.456384, "clipped_share": 0.0, "dc_offset": -0.000298, "seconds_per_char": 0.091333, "inner_silence_s": 0.02, "tail_db": -58.286695, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('0db194fc6134a19b1b7d3a0fd464562b57971981daae86350f1959e5e42f1855','dedc47251c6cc2675b774a948a36c246a41c86166512ce8de162899941e4794f',0,493366802527178957,'29bf809c2cb4736fed8d567f125f42a48453fdbcd3b31c2f67bbd5e466cd3846',24000,6576,'ok','[]','{"clvp": 0.7241833913425705, "rms_dbfs": -20.710062, "clipped_share": 0.0, "dc_offset": -6.1e-05, "seconds_per_char": 0.091333, "inner_silence_s": 0.02, "tail_db": -59.392376, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 0.0}','2026-11-29 13:13:17.043864');
INSERT INTO "takes" VALUES('6cb40e61e9cc61281cebd87d3fd6a4c092fa4dd0380df86063b59500dbde07a3','5b32e6e00db04e00331b93ccac2d617e73ba75da8077081d6ef07f7fbf1420de',1,3916450732800618644,'276b7a8c49fa97b221a6a53d0e54b38490ed35e50226938f6a21d62cd6470468',24000,81189,'doubtful','["silence: -144 dBFS", "silence of 3.4 s inside"]','{"clvp": 0.8134498854130693, "rms_dbfs": -144.0, "clipped_share": 0.0, "dc_offset": 0.0, "seconds_per_char": 0.076884, "inner_silence_s": 3.38, "tail_db": 0.0, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 3.0}','2026-11-29 13:13:17.167462');
INSERT INTO "takes" VALUES('db4e528efc0e7ea83e1677007afb107383c2b82a36982284a5ae486b11cbf134','5b32e6e00db04e00331b93ccac2d617e73ba75da8077081d6ef07f7fbf1420de',2,7901329458278645588,'276b7a8c49fa97b221a6a53d0e54b38490ed35e50226938f6a21d62cd6470468',24000,81189,'doubtful','["silence: -144 dBFS", "silence of 3.4 s inside"]','{"clvp": 0.6445618134485992, "rms_dbfs": -144.0, "clipped_share": 0.0, "dc_offset": 0.0, "seconds_per_char": 0.076884, "inner_silence_s": 3.38, "tail_db": 0.0, "spelled_per_char": 0.0, "hit_length_cap": 0.0, "bad_samples": 0.0, "doubt": 3.0}','2026-11-29 13:13:17.299727');
CREATE TABLE "utterances" (
	book_id INTEGER NOT NULL, 
	chapter_index INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	block_index INTEGER NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	spoken TEXT NOT NULL, 
	pause VARCHAR(16) NOT NULL, 
	is_heading BOOLEAN NOT NULL, 
	utterance_key TEXT, 
	chosen_take_key TEXT, 
	voice TEXT NOT NULL, 
	pause_s DOUBLE, 
	CONSTRAINT pk_utterances PRIMARY KEY (book_id, chapter_index, "index"), 
	CONSTRAINT ck_utterances_choice_needs_key CHECK (chosen_take_key IS NULL OR utterance_key IS NOT NULL), 
	CONSTRAINT fk_utterances_utterance_key_chosen_take_key_takes FOREIGN KEY(utterance_key, chosen_take_key) REFERENCES takes (utterance_key, "key"), 
	CONSTRAINT fk_utterances_book_id_chapter_index_chapters FOREIGN KEY(book_id, chapter_index) REFERENCES chapters (book_id, "index") ON DELETE CASCADE
);
INSERT INTO "utterances" VALUES(1,0,0,0,0,3,'One','One','heading',1,'dedc47251c6cc2675b774a948a36c246a41c86166512ce8de162899941e4794f','0db194fc6134a19b1b7d3a0fd464562b57971981daae86350f1959e5e42f1855','',NULL);
INSERT INTO "utterances" VALUES(1,0,1,1,0,26,'"Who is there?" she asked.','"Who is there?" she asked.','sentence',0,'26031f9d9c64fa31086a324295ec369cbb3a337f8891183fff7bf47e0d21d893','1a99d2b8348443f988caa40effd049fca70ce917f8a01e3fdc48304891d2d825','',NULL);
INSERT INTO "utterances" VALUES(1,0,2,1,27,65,'Nobody answered, and the rain went on.','Nobody answered, and the rain went on.','paragraph',0,'6c8943466b90d9604ffb6ead846d8a66a96c7f782feddfebda7b9e9d7b97d2dd','eb984a63c2f844339c9ffcbf4a0723bcfbab73217afec31eb75a39649b007b0b','',NULL);
INSERT INTO "utterances" VALUES(1,0,3,2,0,10,'I am here,','I am here,','clause',0,'1269e2b503c1cd62b93fe72ffc2ffc0764685e8062146a3b6bb47ca8e35281b8','1554d194f0fb3743e292552e2ae90582551395d86d1cea0060810e3461670810','awb',NULL);
INSERT INTO "utterances" VALUES(1,0,4,2,11,24,'said a voice.','said a voice.','paragraph',0,'2af6a2554bd2f6705ba91b2028130ab74a4b5b546c9a1e568c2610d74bbf815a','092a418370ee306a38f2287bdcfbca256f93876a67cae1c1efef20a998ec1f8c','',1.5);
INSERT INTO "utterances" VALUES(1,0,5,3,0,78,'The tallow was cold; it had been cold since 1896, when Mr. Hale left for good.','The tal-ow was cold; it had been cold since eighteen ninety-six, when Mister Hale left for good.','paragraph',0,'5dbe990de4ea51b163e6494a369e14884c64c3644e2b42ecbb430cbd54c9ec27','04a3c5b3b443788d4a1ea0e15440fe61a51f88b0b7fa197b68241ceba1f6fa12','',NULL);
INSERT INTO "utterances" VALUES(1,0,6,4,0,20,'A lamp is a promise.','A lamp is a promise.','chapter',0,'af7c3cf99b648becda1140a8f3ea919d3d511a97aba3abba7a163b7bf39601a4','602672ebfae98f4b08ea33ab6acbd5ec6aec58aff07d597b3acbc449bbb31bdc','',NULL);
INSERT INTO "utterances" VALUES(1,1,0,0,0,3,'Two','Two','heading',1,'abb95ba82cb78d03790be79ee708690e717489af08d5f6f923eda8caf46529ab','ac3a1204d3665308eb18191c97483d3ecb468c80b67095a02bcb8a321096c54c','',NULL);
INSERT INTO "utterances" VALUES(1,1,1,1,0,73,'He came back at 10:30, with £5 in his pocket and a letter from Dr. Moore.','He came back at ten thirty, with five pounds in his pocket and a letter from Doctor Moore.','scene',0,'ab0e95233a9728db0ba8d7ec525671da7a9b5f5e40d48898bc96b741ada771e9','7547021851f250b32256ac742ca1c968df5cf3081bf0cf7d14b6a00b19db5d04','',NULL);
INSERT INTO "utterances" VALUES(1,1,2,3,0,44,'"Who is there?" she asked. The dragon slept.','"Who is there?" she asked. The dragon slept.','chapter',0,'5b32e6e00db04e00331b93ccac2d617e73ba75da8077081d6ef07f7fbf1420de','6cb40e61e9cc61281cebd87d3fd6a4c092fa4dd0380df86063b59500dbde07a3','',NULL);
CREATE TABLE voices (
	name TEXT NOT NULL, 
	model_digest TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	latents_sha256 TEXT NOT NULL, 
	description TEXT NOT NULL, 
	clips JSON NOT NULL, 
	added_at DATETIME NOT NULL, 
	CONSTRAINT pk_voices PRIMARY KEY (name, model_digest)
);
INSERT INTO "voices" VALUES('tone','61d37abdae8da0d5ed0364a9de344c7338be8e4fb72a302422eb857ded5edeb0','af68962e6faddcf6cb31ff14469c22b3d772235cd3e65b0fd74a2239fbfd3b5a','79a0afa5c12314161a5fba118eba8753668b52b1c476e86cdeed7f93578d514d','','["7ec5a59b8f8b30077917a3fc511841d3742c24c14f98cba2e98dcbd191d57f4c"]','2026-11-29 13:12:30.719642');
CREATE INDEX ix_runs_book_id_started_at ON runs (book_id, started_at);
CREATE UNIQUE INDEX uq_runs_running_book ON runs (book_id) WHERE state = 'running';
CREATE INDEX ix_editions_content_key ON editions (content_key);
CREATE INDEX ix_utterances_chosen_take_key ON utterances (chosen_take_key);
CREATE INDEX ix_utterances_book_id_utterance_key ON utterances (book_id, utterance_key);
COMMIT;
