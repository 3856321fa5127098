PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE activity (
	id INTEGER NOT NULL, 
	office_id INTEGER NOT NULL, 
	site_id INTEGER NOT NULL, 
	season_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_activity PRIMARY KEY (id), 
	CONSTRAINT fk_activity_office_id_office FOREIGN KEY(office_id) REFERENCES office (id), 
	CONSTRAINT fk_activity_season_id_season FOREIGN KEY(season_id) REFERENCES season (id), 
	CONSTRAINT fk_activity_site_id_site FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT uq_activity_season_id_name UNIQUE (season_id, name)
);
INSERT INTO "activity" VALUES(1,2,1,1,'Mercredi','Les mercredis d’école : jeux, ateliers et sorties, à la demi-journée ou à la journée.',1);
INSERT INTO "activity" VALUES(2,1,2,1,'Périscolaire','Avant et après la classe, les lundis, mardis, jeudis et vendredis.',2);
INSERT INTO "activity" VALUES(3,3,3,1,'CAJ vacances','Les vacances des 11–17 ans : sport, sorties, projets, et une veillée le vendredi.',3);
CREATE TABLE activity_group (
	id INTEGER NOT NULL, 
	activity_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	min_age INTEGER, 
	max_age INTEGER, 
	CONSTRAINT pk_activity_group PRIMARY KEY (id), 
	CONSTRAINT fk_activity_group_activity_id_activity FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE, 
	CONSTRAINT uq_activity_group_activity_id_name UNIQUE (activity_id, name)
);
INSERT INTO "activity_group" VALUES(1,1,'3–5 ans',3,5);
INSERT INTO "activity_group" VALUES(2,1,'6–8 ans',6,8);
INSERT INTO "activity_group" VALUES(3,1,'9–11 ans',9,11);
INSERT INTO "activity_group" VALUES(4,2,'Maternelle',3,5);
INSERT INTO "activity_group" VALUES(5,2,'Élémentaire',6,11);
INSERT INTO "activity_group" VALUES(6,3,'11–13 ans',11,13);
INSERT INTO "activity_group" VALUES(7,3,'14–17 ans',14,17);
CREATE TABLE activity_notice_rule (
	id INTEGER NOT NULL, 
	activity_id INTEGER NOT NULL, 
	action VARCHAR(40) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	count INTEGER NOT NULL, 
	at TIME, 
	weekday INTEGER, 
	CONSTRAINT pk_activity_notice_rule PRIMARY KEY (id), 
	CONSTRAINT fk_activity_notice_rule_activity_id_activity FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE, 
	CONSTRAINT uq_activity_notice_rule_activity_id_action UNIQUE (activity_id, action)
);
INSERT INTO "activity_notice_rule" VALUES(1,1,'book','working_days_before',2,'12:00:00.000000',NULL);
INSERT INTO "activity_notice_rule" VALUES(2,1,'cancel','working_days_before',2,'12:00:00.000000',NULL);
INSERT INTO "activity_notice_rule" VALUES(3,2,'book','working_days_before',1,'10:00:00.000000',NULL);
INSERT INTO "activity_notice_rule" VALUES(4,2,'cancel','working_days_before',1,'10:00:00.000000',NULL);
INSERT INTO "activity_notice_rule" VALUES(5,3,'book','weekday_before',1,'12:00:00.000000',2);
INSERT INTO "activity_notice_rule" VALUES(6,3,'cancel','hours_before',48,NULL,NULL);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE booking (
	id INTEGER NOT NULL, 
	child_id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	enrolment_id INTEGER NOT NULL, 
	opening_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	cancel_class VARCHAR(40), 
	price_cents INTEGER NOT NULL, 
	price_outcome VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_booking PRIMARY KEY (id), 
	CONSTRAINT fk_booking_child_id_child FOREIGN KEY(child_id) REFERENCES child (id), 
	CONSTRAINT fk_booking_enrolment_id_enrolment FOREIGN KEY(enrolment_id) REFERENCES enrolment (id), 
	CONSTRAINT fk_booking_family_id_family FOREIGN KEY(family_id) REFERENCES family (id), 
	CONSTRAINT fk_booking_opening_id_opening FOREIGN KEY(opening_id) REFERENCES opening (id)
);
INSERT INTO "booking" VALUES(1,1,1,3,882,'2026-10-26','confirmed',NULL,700,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(2,1,1,3,884,'2026-10-27','confirmed',NULL,700,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(3,1,1,3,886,'2026-10-28','confirmed',NULL,700,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(4,1,1,3,888,'2026-10-29','confirmed',NULL,700,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(5,1,1,3,890,'2026-10-30','confirmed',NULL,700,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(6,1,1,3,1034,'2026-10-30','confirmed',NULL,300,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(7,1,1,2,649,'2026-11-02','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(8,1,1,2,651,'2026-11-03','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(9,1,1,2,653,'2026-11-05','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(10,1,1,2,655,'2026-11-06','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(11,1,1,2,657,'2026-11-09','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(12,1,1,2,659,'2026-11-10','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(13,1,1,2,661,'2026-11-12','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(14,1,1,2,663,'2026-11-13','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(15,1,1,2,665,'2026-11-16','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(16,1,1,2,667,'2026-11-17','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(17,1,1,1,27,'2026-11-18','confirmed',NULL,320,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(18,1,1,1,132,'2026-11-18','confirmed',NULL,340,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(19,1,1,1,237,'2026-11-18','confirmed',NULL,320,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(20,1,1,2,669,'2026-11-19','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(21,1,1,2,671,'2026-11-20','confirmed',NULL,150,'verified','2026-10-14 17:31:00.000000');
INSERT INTO "booking" VALUES(22,2,1,5,371,'2026-11-02','confirmed',NULL,120,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(23,2,1,5,649,'2026-11-02','confirmed',NULL,150,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(24,2,1,4,23,'2026-11-04','confirmed',NULL,320,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(25,2,1,4,128,'2026-11-04','confirmed',NULL,340,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(26,2,1,5,375,'2026-11-05','confirmed',NULL,120,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(27,2,1,5,653,'2026-11-05','confirmed',NULL,150,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(28,2,1,5,379,'2026-11-09','confirmed',NULL,120,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(29,2,1,5,657,'2026-11-09','confirmed',NULL,150,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(30,2,1,5,383,'2026-11-12','confirmed',NULL,120,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(31,2,1,5,661,'2026-11-12','confirmed',NULL,150,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(32,2,1,4,26,'2026-11-18','confirmed',NULL,320,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(33,2,1,4,131,'2026-11-18','confirmed',NULL,340,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(34,2,1,5,391,'2026-11-19','confirmed',NULL,120,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(35,2,1,5,669,'2026-11-19','confirmed',NULL,150,'verified','2026-10-14 17:32:00.000000');
INSERT INTO "booking" VALUES(72,6,4,12,659,'2026-11-10','confirmed',NULL,150,'verified','2026-10-14 17:36:00.000000');
INSERT INTO "booking" VALUES(82,7,6,15,22,'2026-11-04','confirmed',NULL,530,'missing','2026-10-14 17:38:00.000000');
INSERT INTO "booking" VALUES(83,7,6,15,127,'2026-11-04','confirmed',NULL,480,'missing','2026-10-14 17:38:00.000000');
INSERT INTO "booking" VALUES(84,7,6,15,25,'2026-11-18','confirmed',NULL,530,'missing','2026-10-14 17:38:00.000000');
INSERT INTO "booking" VALUES(85,7,6,15,130,'2026-11-18','confirmed',NULL,480,'missing','2026-10-14 17:38:00.000000');
INSERT INTO "booking" VALUES(86,8,6,17,649,'2026-11-02','confirmed',NULL,250,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(87,8,6,16,23,'2026-11-04','confirmed',NULL,530,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(88,8,6,16,128,'2026-11-04','confirmed',NULL,480,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(89,8,6,16,233,'2026-11-04','confirmed',NULL,530,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(90,8,6,17,653,'2026-11-05','confirmed',NULL,250,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(91,8,6,17,657,'2026-11-09','confirmed',NULL,250,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(92,8,6,17,661,'2026-11-12','confirmed',NULL,250,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(93,8,6,17,665,'2026-11-16','confirmed',NULL,250,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(94,8,6,16,26,'2026-11-18','confirmed',NULL,530,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(95,8,6,16,131,'2026-11-18','confirmed',NULL,480,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(96,8,6,16,236,'2026-11-18','confirmed',NULL,530,'missing','2026-10-14 17:39:00.000000');
INSERT INTO "booking" VALUES(203,1,1,2,673,'2026-11-23','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(204,1,1,2,675,'2026-11-24','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(205,1,1,1,30,'2026-11-25','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(206,1,1,1,135,'2026-11-25','confirmed',NULL,340,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(207,1,1,1,240,'2026-11-25','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(208,1,1,2,677,'2026-11-26','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(209,1,1,2,679,'2026-11-27','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(210,1,1,2,681,'2026-11-30','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(211,1,1,2,683,'2026-12-01','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(212,1,1,1,33,'2026-12-02','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(213,1,1,1,138,'2026-12-02','confirmed',NULL,340,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(214,1,1,1,243,'2026-12-02','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(215,1,1,2,685,'2026-12-03','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(216,1,1,2,687,'2026-12-04','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(217,1,1,2,689,'2026-12-07','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(218,1,1,2,691,'2026-12-08','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(219,1,1,1,36,'2026-12-09','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(220,1,1,1,141,'2026-12-09','confirmed',NULL,340,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(221,1,1,1,246,'2026-12-09','confirmed',NULL,320,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(222,1,1,2,695,'2026-12-11','confirmed',NULL,150,'verified','2026-11-12 18:31:00.000000');
INSERT INTO "booking" VALUES(223,2,1,5,395,'2026-11-23','confirmed',NULL,120,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(224,2,1,5,673,'2026-11-23','confirmed',NULL,150,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(225,2,1,4,29,'2026-11-25','confirmed',NULL,320,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(226,2,1,4,134,'2026-11-25','confirmed',NULL,340,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(227,2,1,5,399,'2026-11-26','confirmed',NULL,120,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(228,2,1,5,677,'2026-11-26','confirmed',NULL,150,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(229,2,1,5,403,'2026-11-30','confirmed',NULL,120,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(230,2,1,5,681,'2026-11-30','confirmed',NULL,150,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(231,2,1,4,32,'2026-12-02','confirmed',NULL,320,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(232,2,1,4,137,'2026-12-02','confirmed',NULL,340,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(233,2,1,5,407,'2026-12-03','confirmed',NULL,120,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(234,2,1,5,685,'2026-12-03','confirmed',NULL,150,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(235,2,1,4,35,'2026-12-09','cancelled','in_time',320,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(236,2,1,4,140,'2026-12-09','cancelled','in_time',340,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(237,2,1,5,415,'2026-12-10','confirmed',NULL,120,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(238,2,1,5,693,'2026-12-10','confirmed',NULL,150,'verified','2026-11-12 18:32:00.000000');
INSERT INTO "booking" VALUES(278,6,4,12,673,'2026-11-23','confirmed',NULL,150,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(279,6,4,12,675,'2026-11-24','confirmed',NULL,150,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(280,6,4,11,29,'2026-11-25','confirmed',NULL,320,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(281,6,4,11,134,'2026-11-25','confirmed',NULL,340,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(282,6,4,11,239,'2026-11-25','confirmed',NULL,320,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(283,6,4,12,689,'2026-12-07','confirmed',NULL,150,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(284,6,4,12,691,'2026-12-08','confirmed',NULL,150,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(285,6,4,11,35,'2026-12-09','confirmed',NULL,320,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(286,6,4,11,140,'2026-12-09','confirmed',NULL,340,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(287,6,4,11,245,'2026-12-09','confirmed',NULL,320,'verified','2026-11-12 18:36:00.000000');
INSERT INTO "booking" VALUES(293,7,6,15,28,'2026-11-25','confirmed',NULL,530,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(294,7,6,15,133,'2026-11-25','confirmed',NULL,480,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(295,7,6,15,31,'2026-12-02','confirmed',NULL,530,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(296,7,6,15,136,'2026-12-02','confirmed',NULL,480,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(297,7,6,15,34,'2026-12-09','confirmed',NULL,530,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(298,7,6,15,139,'2026-12-09','confirmed',NULL,480,'missing','2026-11-12 18:38:00.000000');
INSERT INTO "booking" VALUES(299,8,6,17,673,'2026-11-23','confirmed',NULL,250,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(300,8,6,16,29,'2026-11-25','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(301,8,6,16,134,'2026-11-25','confirmed',NULL,480,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(302,8,6,16,239,'2026-11-25','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(303,8,6,17,677,'2026-11-26','confirmed',NULL,250,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(304,8,6,17,681,'2026-11-30','confirmed',NULL,250,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(305,8,6,16,32,'2026-12-02','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(306,8,6,16,137,'2026-12-02','confirmed',NULL,480,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(307,8,6,16,242,'2026-12-02','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(308,8,6,17,685,'2026-12-03','confirmed',NULL,250,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(309,8,6,17,689,'2026-12-07','confirmed',NULL,250,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(310,8,6,16,35,'2026-12-09','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(311,8,6,16,140,'2026-12-09','confirmed',NULL,480,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(312,8,6,16,245,'2026-12-09','confirmed',NULL,530,'missing','2026-11-12 18:39:00.000000');
INSERT INTO "booking" VALUES(398,1,1,2,697,'2026-12-14','confirmed',NULL,150,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(399,1,1,2,699,'2026-12-15','confirmed',NULL,150,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(400,1,1,1,39,'2026-12-16','confirmed',NULL,320,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(401,1,1,1,144,'2026-12-16','confirmed',NULL,340,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(402,1,1,1,249,'2026-12-16','confirmed',NULL,320,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(403,1,1,2,701,'2026-12-17','confirmed',NULL,150,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(404,1,1,3,892,'2026-12-21','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(405,1,1,3,894,'2026-12-22','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(406,1,1,3,896,'2026-12-23','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(407,1,1,3,900,'2026-12-28','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(408,1,1,3,902,'2026-12-29','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(409,1,1,3,904,'2026-12-30','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(410,1,1,3,906,'2026-12-31','confirmed',NULL,700,'verified','2026-11-19 18:31:00.000000');
INSERT INTO "booking" VALUES(411,2,1,5,419,'2026-12-14','confirmed',NULL,120,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(412,2,1,5,697,'2026-12-14','confirmed',NULL,150,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(413,2,1,4,38,'2026-12-16','confirmed',NULL,320,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(414,2,1,4,143,'2026-12-16','confirmed',NULL,340,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(415,2,1,5,423,'2026-12-17','confirmed',NULL,120,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(416,2,1,5,701,'2026-12-17','confirmed',NULL,150,'verified','2026-11-19 18:32:00.000000');
INSERT INTO "booking" VALUES(436,7,6,15,37,'2026-12-16','confirmed',NULL,530,'missing','2026-11-19 18:38:00.000000');
INSERT INTO "booking" VALUES(437,7,6,15,142,'2026-12-16','confirmed',NULL,480,'missing','2026-11-19 18:38:00.000000');
INSERT INTO "booking" VALUES(438,8,6,17,697,'2026-12-14','confirmed',NULL,250,'missing','2026-11-19 18:39:00.000000');
INSERT INTO "booking" VALUES(439,8,6,16,38,'2026-12-16','confirmed',NULL,530,'missing','2026-11-19 18:39:00.000000');
INSERT INTO "booking" VALUES(440,8,6,16,143,'2026-12-16','confirmed',NULL,480,'missing','2026-11-19 18:39:00.000000');
INSERT INTO "booking" VALUES(441,8,6,16,248,'2026-12-16','confirmed',NULL,530,'missing','2026-11-19 18:39:00.000000');
CREATE TABLE booking_event (
	id INTEGER NOT NULL, 
	booking_id INTEGER NOT NULL, 
	from_status VARCHAR(40), 
	to_status VARCHAR(40) NOT NULL, 
	actor VARCHAR(40) NOT NULL, 
	user_id INTEGER, 
	reason VARCHAR, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_booking_event PRIMARY KEY (id), 
	CONSTRAINT fk_booking_event_booking_id_booking FOREIGN KEY(booking_id) REFERENCES booking (id), 
	CONSTRAINT fk_booking_event_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id)
);
INSERT INTO "booking_event" VALUES(1,1,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(2,2,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(3,3,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(4,4,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(5,5,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(6,6,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(7,7,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(8,8,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(9,9,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(10,10,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(11,11,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(12,12,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(13,13,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(14,14,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(15,15,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(16,16,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(17,17,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(18,18,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(19,19,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(20,20,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(21,21,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:31:00.000000');
INSERT INTO "booking_event" VALUES(22,22,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(23,23,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(24,24,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(25,25,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(26,26,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(27,27,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(28,28,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(29,29,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(30,30,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(31,31,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(32,32,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(33,33,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(34,34,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(35,35,NULL,'confirmed','parent',5,NULL,'2026-10-14 17:32:00.000000');
INSERT INTO "booking_event" VALUES(72,72,NULL,'confirmed','parent',8,NULL,'2026-10-14 17:36:00.000000');
INSERT INTO "booking_event" VALUES(82,82,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:38:00.000000');
INSERT INTO "booking_event" VALUES(83,83,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:38:00.000000');
INSERT INTO "booking_event" VALUES(84,84,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:38:00.000000');
INSERT INTO "booking_event" VALUES(85,85,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:38:00.000000');
INSERT INTO "booking_event" VALUES(86,86,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(87,87,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(88,88,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(89,89,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(90,90,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(91,91,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(92,92,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(93,93,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(94,94,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(95,95,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(96,96,NULL,'confirmed','parent',10,NULL,'2026-10-14 17:39:00.000000');
INSERT INTO "booking_event" VALUES(203,203,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(204,204,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(205,205,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(206,206,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(207,207,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(208,208,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(209,209,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(210,210,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(211,211,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(212,212,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(213,213,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(214,214,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(215,215,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(216,216,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(217,217,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(218,218,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(219,219,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(220,220,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(221,221,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(222,222,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:31:00.000000');
INSERT INTO "booking_event" VALUES(223,223,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(224,224,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(225,225,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(226,226,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(227,227,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(228,228,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(229,229,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(230,230,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(231,231,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(232,232,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(233,233,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(234,234,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(235,235,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(236,236,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(237,237,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(238,238,NULL,'confirmed','parent',5,NULL,'2026-11-12 18:32:00.000000');
INSERT INTO "booking_event" VALUES(278,278,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(279,279,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(280,280,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(281,281,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(282,282,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(283,283,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(284,284,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(285,285,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(286,286,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(287,287,NULL,'confirmed','parent',8,NULL,'2026-11-12 18:36:00.000000');
INSERT INTO "booking_event" VALUES(293,293,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(294,294,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(295,295,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(296,296,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(297,297,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(298,298,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:38:00.000000');
INSERT INTO "booking_event" VALUES(299,299,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(300,300,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(301,301,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(302,302,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(303,303,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(304,304,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(305,305,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(306,306,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(307,307,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(308,308,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(309,309,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(310,310,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(311,311,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(312,312,NULL,'confirmed','parent',10,NULL,'2026-11-12 18:39:00.000000');
INSERT INTO "booking_event" VALUES(398,398,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(399,399,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(400,400,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(401,401,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(402,402,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(403,403,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(404,404,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(405,405,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(406,406,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(407,407,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(408,408,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(409,409,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(410,410,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:31:00.000000');
INSERT INTO "booking_event" VALUES(411,411,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(412,412,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(413,413,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(414,414,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(415,415,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(416,416,NULL,'confirmed','parent',5,NULL,'2026-11-19 18:32:00.000000');
INSERT INTO "booking_event" VALUES(436,436,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:38:00.000000');
INSERT INTO "booking_event" VALUES(437,437,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:38:00.000000');
INSERT INTO "booking_event" VALUES(438,438,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:39:00.000000');
INSERT INTO "booking_event" VALUES(439,439,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:39:00.000000');
INSERT INTO "booking_event" VALUES(440,440,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:39:00.000000');
INSERT INTO "booking_event" VALUES(441,441,NULL,'confirmed','parent',10,NULL,'2026-11-19 18:39:00.000000');
INSERT INTO "booking_event" VALUES(504,235,'confirmed','cancelled','parent',5,NULL,'2026-11-20 20:00:00.000000');
INSERT INTO "booking_event" VALUES(505,236,'confirmed','cancelled','parent',5,NULL,'2026-11-20 20:00:00.000000');
CREATE TABLE capacity_counter (
	id INTEGER NOT NULL, 
	scope_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	places INTEGER NOT NULL, 
	taken INTEGER NOT NULL, 
	CONSTRAINT pk_capacity_counter PRIMARY KEY (id), 
	CONSTRAINT fk_capacity_counter_scope_id_capacity_scope FOREIGN KEY(scope_id) REFERENCES capacity_scope (id), 
	CONSTRAINT uq_capacity_counter_day_scope_id UNIQUE (day, scope_id)
);
INSERT INTO "capacity_counter" VALUES(15,1,'2026-11-04',13,3);
INSERT INTO "capacity_counter" VALUES(16,4,'2026-11-04',5,1);
INSERT INTO "capacity_counter" VALUES(17,1,'2026-11-18',13,4);
INSERT INTO "capacity_counter" VALUES(18,4,'2026-11-18',5,1);
INSERT INTO "capacity_counter" VALUES(19,1,'2026-11-25',13,5);
INSERT INTO "capacity_counter" VALUES(20,4,'2026-11-25',5,1);
INSERT INTO "capacity_counter" VALUES(21,1,'2026-12-02',13,4);
INSERT INTO "capacity_counter" VALUES(22,4,'2026-12-02',5,1);
INSERT INTO "capacity_counter" VALUES(23,1,'2026-12-09',13,4);
INSERT INTO "capacity_counter" VALUES(24,4,'2026-12-09',5,1);
INSERT INTO "capacity_counter" VALUES(25,1,'2026-12-16',13,4);
INSERT INTO "capacity_counter" VALUES(26,4,'2026-12-16',5,1);
INSERT INTO "capacity_counter" VALUES(78,3,'2026-11-04',13,3);
INSERT INTO "capacity_counter" VALUES(79,3,'2026-11-18',13,4);
INSERT INTO "capacity_counter" VALUES(80,3,'2026-11-25',13,5);
INSERT INTO "capacity_counter" VALUES(81,3,'2026-12-02',13,4);
INSERT INTO "capacity_counter" VALUES(82,3,'2026-12-09',13,4);
INSERT INTO "capacity_counter" VALUES(83,3,'2026-12-16',13,4);
INSERT INTO "capacity_counter" VALUES(113,2,'2026-11-04',12,1);
INSERT INTO "capacity_counter" VALUES(114,2,'2026-11-18',12,2);
INSERT INTO "capacity_counter" VALUES(115,2,'2026-11-25',12,3);
INSERT INTO "capacity_counter" VALUES(116,2,'2026-12-02',12,2);
INSERT INTO "capacity_counter" VALUES(117,2,'2026-12-09',12,3);
INSERT INTO "capacity_counter" VALUES(118,2,'2026-12-16',12,2);
INSERT INTO "capacity_counter" VALUES(168,5,'2026-11-02',28,1);
INSERT INTO "capacity_counter" VALUES(169,5,'2026-11-03',28,0);
INSERT INTO "capacity_counter" VALUES(170,5,'2026-11-05',28,1);
INSERT INTO "capacity_counter" VALUES(171,5,'2026-11-06',28,0);
INSERT INTO "capacity_counter" VALUES(172,5,'2026-11-09',28,1);
INSERT INTO "capacity_counter" VALUES(173,5,'2026-11-10',28,0);
INSERT INTO "capacity_counter" VALUES(174,5,'2026-11-12',28,1);
INSERT INTO "capacity_counter" VALUES(175,5,'2026-11-13',28,0);
INSERT INTO "capacity_counter" VALUES(176,5,'2026-11-16',28,0);
INSERT INTO "capacity_counter" VALUES(177,5,'2026-11-17',28,0);
INSERT INTO "capacity_counter" VALUES(178,5,'2026-11-19',28,1);
INSERT INTO "capacity_counter" VALUES(179,5,'2026-11-20',28,0);
INSERT INTO "capacity_counter" VALUES(180,5,'2026-11-23',28,1);
INSERT INTO "capacity_counter" VALUES(181,5,'2026-11-24',28,0);
INSERT INTO "capacity_counter" VALUES(182,5,'2026-11-26',28,1);
INSERT INTO "capacity_counter" VALUES(183,5,'2026-11-27',28,0);
INSERT INTO "capacity_counter" VALUES(184,5,'2026-11-30',28,1);
INSERT INTO "capacity_counter" VALUES(185,5,'2026-12-01',28,0);
INSERT INTO "capacity_counter" VALUES(186,5,'2026-12-03',28,1);
INSERT INTO "capacity_counter" VALUES(187,5,'2026-12-04',28,0);
INSERT INTO "capacity_counter" VALUES(188,5,'2026-12-07',28,0);
INSERT INTO "capacity_counter" VALUES(189,5,'2026-12-08',28,0);
INSERT INTO "capacity_counter" VALUES(190,5,'2026-12-10',28,1);
INSERT INTO "capacity_counter" VALUES(191,5,'2026-12-11',28,0);
INSERT INTO "capacity_counter" VALUES(192,5,'2026-12-14',28,1);
INSERT INTO "capacity_counter" VALUES(193,5,'2026-12-15',28,0);
INSERT INTO "capacity_counter" VALUES(194,5,'2026-12-17',28,1);
INSERT INTO "capacity_counter" VALUES(307,6,'2026-11-02',28,3);
INSERT INTO "capacity_counter" VALUES(308,6,'2026-11-03',28,1);
INSERT INTO "capacity_counter" VALUES(309,6,'2026-11-05',28,3);
INSERT INTO "capacity_counter" VALUES(310,6,'2026-11-06',28,1);
INSERT INTO "capacity_counter" VALUES(311,6,'2026-11-09',28,3);
INSERT INTO "capacity_counter" VALUES(312,6,'2026-11-10',28,2);
INSERT INTO "capacity_counter" VALUES(313,6,'2026-11-12',28,3);
INSERT INTO "capacity_counter" VALUES(314,6,'2026-11-13',28,1);
INSERT INTO "capacity_counter" VALUES(315,6,'2026-11-16',28,2);
INSERT INTO "capacity_counter" VALUES(316,6,'2026-11-17',28,1);
INSERT INTO "capacity_counter" VALUES(317,6,'2026-11-19',28,2);
INSERT INTO "capacity_counter" VALUES(318,6,'2026-11-20',28,1);
INSERT INTO "capacity_counter" VALUES(319,6,'2026-11-23',28,4);
INSERT INTO "capacity_counter" VALUES(320,6,'2026-11-24',28,2);
INSERT INTO "capacity_counter" VALUES(321,6,'2026-11-26',28,3);
INSERT INTO "capacity_counter" VALUES(322,6,'2026-11-27',28,1);
INSERT INTO "capacity_counter" VALUES(323,6,'2026-11-30',28,3);
INSERT INTO "capacity_counter" VALUES(324,6,'2026-12-01',28,1);
INSERT INTO "capacity_counter" VALUES(325,6,'2026-12-03',28,3);
INSERT INTO "capacity_counter" VALUES(326,6,'2026-12-04',28,1);
INSERT INTO "capacity_counter" VALUES(327,6,'2026-12-07',28,3);
INSERT INTO "capacity_counter" VALUES(328,6,'2026-12-08',28,2);
INSERT INTO "capacity_counter" VALUES(329,6,'2026-12-10',28,1);
INSERT INTO "capacity_counter" VALUES(330,6,'2026-12-11',28,1);
INSERT INTO "capacity_counter" VALUES(331,6,'2026-12-14',28,3);
INSERT INTO "capacity_counter" VALUES(332,6,'2026-12-15',28,1);
INSERT INTO "capacity_counter" VALUES(333,6,'2026-12-17',28,2);
INSERT INTO "capacity_counter" VALUES(429,7,'2026-10-26',8,1);
INSERT INTO "capacity_counter" VALUES(430,8,'2026-10-26',8,0);
INSERT INTO "capacity_counter" VALUES(431,7,'2026-10-27',8,1);
INSERT INTO "capacity_counter" VALUES(432,8,'2026-10-27',8,0);
INSERT INTO "capacity_counter" VALUES(433,7,'2026-10-28',8,1);
INSERT INTO "capacity_counter" VALUES(434,8,'2026-10-28',8,0);
INSERT INTO "capacity_counter" VALUES(435,7,'2026-10-29',8,1);
INSERT INTO "capacity_counter" VALUES(436,8,'2026-10-29',8,0);
INSERT INTO "capacity_counter" VALUES(437,7,'2026-10-30',8,1);
INSERT INTO "capacity_counter" VALUES(438,8,'2026-10-30',8,0);
INSERT INTO "capacity_counter" VALUES(439,7,'2026-12-21',8,1);
INSERT INTO "capacity_counter" VALUES(440,8,'2026-12-21',8,0);
INSERT INTO "capacity_counter" VALUES(441,7,'2026-12-22',8,1);
INSERT INTO "capacity_counter" VALUES(442,8,'2026-12-22',8,0);
INSERT INTO "capacity_counter" VALUES(443,7,'2026-12-23',8,1);
INSERT INTO "capacity_counter" VALUES(444,8,'2026-12-23',8,0);
INSERT INTO "capacity_counter" VALUES(447,7,'2026-12-28',8,1);
INSERT INTO "capacity_counter" VALUES(448,8,'2026-12-28',8,0);
INSERT INTO "capacity_counter" VALUES(449,7,'2026-12-29',8,1);
INSERT INTO "capacity_counter" VALUES(450,8,'2026-12-29',8,0);
INSERT INTO "capacity_counter" VALUES(451,7,'2026-12-30',8,1);
INSERT INTO "capacity_counter" VALUES(452,8,'2026-12-30',8,0);
INSERT INTO "capacity_counter" VALUES(453,7,'2026-12-31',8,1);
INSERT INTO "capacity_counter" VALUES(454,8,'2026-12-31',8,0);
INSERT INTO "capacity_counter" VALUES(580,9,'2026-10-30',12,1);
CREATE TABLE capacity_scope (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	places INTEGER NOT NULL, 
	CONSTRAINT pk_capacity_scope PRIMARY KEY (id)
);
INSERT INTO "capacity_scope" VALUES(1,'Mercredi matin',13);
INSERT INTO "capacity_scope" VALUES(2,'Mercredi après-midi',12);
INSERT INTO "capacity_scope" VALUES(3,'Repas du mercredi',13);
INSERT INTO "capacity_scope" VALUES(4,'Petits du mercredi',5);
INSERT INTO "capacity_scope" VALUES(5,'Accueil du matin',28);
INSERT INTO "capacity_scope" VALUES(6,'Accueil du soir',28);
INSERT INTO "capacity_scope" VALUES(7,'CAJ 11–13 ans',8);
INSERT INTO "capacity_scope" VALUES(8,'CAJ 14–17 ans',8);
INSERT INTO "capacity_scope" VALUES(9,'Veillée',12);
CREATE TABLE capacity_scope_group (
	scope_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	CONSTRAINT pk_capacity_scope_group PRIMARY KEY (scope_id, group_id), 
	CONSTRAINT fk_capacity_scope_group_group_id_activity_group FOREIGN KEY(group_id) REFERENCES activity_group (id) ON DELETE CASCADE, 
	CONSTRAINT fk_capacity_scope_group_scope_id_capacity_scope FOREIGN KEY(scope_id) REFERENCES capacity_scope (id) ON DELETE CASCADE
);
INSERT INTO "capacity_scope_group" VALUES(1,1);
INSERT INTO "capacity_scope_group" VALUES(1,2);
INSERT INTO "capacity_scope_group" VALUES(1,3);
INSERT INTO "capacity_scope_group" VALUES(2,1);
INSERT INTO "capacity_scope_group" VALUES(2,2);
INSERT INTO "capacity_scope_group" VALUES(2,3);
INSERT INTO "capacity_scope_group" VALUES(3,1);
INSERT INTO "capacity_scope_group" VALUES(3,2);
INSERT INTO "capacity_scope_group" VALUES(3,3);
INSERT INTO "capacity_scope_group" VALUES(4,1);
INSERT INTO "capacity_scope_group" VALUES(5,4);
INSERT INTO "capacity_scope_group" VALUES(5,5);
INSERT INTO "capacity_scope_group" VALUES(6,4);
INSERT INTO "capacity_scope_group" VALUES(6,5);
INSERT INTO "capacity_scope_group" VALUES(7,6);
INSERT INTO "capacity_scope_group" VALUES(8,7);
INSERT INTO "capacity_scope_group" VALUES(9,6);
INSERT INTO "capacity_scope_group" VALUES(9,7);
CREATE TABLE capacity_scope_unit (
	scope_id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	CONSTRAINT pk_capacity_scope_unit PRIMARY KEY (scope_id, unit_id), 
	CONSTRAINT fk_capacity_scope_unit_scope_id_capacity_scope FOREIGN KEY(scope_id) REFERENCES capacity_scope (id) ON DELETE CASCADE, 
	CONSTRAINT fk_capacity_scope_unit_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id) ON DELETE CASCADE
);
INSERT INTO "capacity_scope_unit" VALUES(1,1);
INSERT INTO "capacity_scope_unit" VALUES(2,3);
INSERT INTO "capacity_scope_unit" VALUES(3,2);
INSERT INTO "capacity_scope_unit" VALUES(4,1);
INSERT INTO "capacity_scope_unit" VALUES(4,3);
INSERT INTO "capacity_scope_unit" VALUES(5,4);
INSERT INTO "capacity_scope_unit" VALUES(6,5);
INSERT INTO "capacity_scope_unit" VALUES(7,6);
INSERT INTO "capacity_scope_unit" VALUES(8,6);
INSERT INTO "capacity_scope_unit" VALUES(9,7);
CREATE TABLE child (
	id INTEGER NOT NULL, 
	birth_date DATE NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_name VARCHAR NOT NULL, 
	first_name VARCHAR NOT NULL, 
	folded_name VARCHAR NOT NULL, 
	CONSTRAINT pk_child PRIMARY KEY (id)
);
INSERT INTO "child" VALUES(1,'2015-06-04','2026-10-01 10:30:00.000000','TEST','Léa','test lea');
INSERT INTO "child" VALUES(2,'2020-02-27','2026-10-01 10:30:00.000000','TEST','Hugo','test hugo');
INSERT INTO "child" VALUES(3,'2019-03-08','2026-10-01 10:31:00.000000','BERNARD','Jules','bernard jules');
INSERT INTO "child" VALUES(4,'2022-04-28','2026-10-01 10:31:00.000000','BERNARD','Alice','bernard alice');
INSERT INTO "child" VALUES(5,'2016-03-10','2026-10-01 10:32:00.000000','LEFÈVRE','Manon','lefevre manon');
INSERT INTO "child" VALUES(6,'2018-04-28','2026-10-01 10:33:00.000000','MOREAU','Noé','moreau noe');
INSERT INTO "child" VALUES(7,'2021-03-04','2026-10-01 10:35:00.000000','DUBOIS','Tom','dubois tom');
INSERT INTO "child" VALUES(8,'2018-03-21','2026-10-01 10:35:00.000000','DUBOIS','Zoé','dubois zoe');
INSERT INTO "child" VALUES(9,'2014-04-18','2026-10-01 10:36:00.000000','FONTAINE','Nina','fontaine nina');
INSERT INTO "child" VALUES(10,'2011-06-26','2026-10-01 10:36:00.000000','FONTAINE','Lucas','fontaine lucas');
INSERT INTO "child" VALUES(11,'2020-08-17','2026-10-01 10:37:00.000000','GARNIER','Sofia','garnier sofia');
INSERT INTO "child" VALUES(12,'2015-02-11','2026-10-01 10:37:00.000000','GARNIER','Ilyes','garnier ilyes');
INSERT INTO "child" VALUES(13,'2017-05-31','2026-10-01 10:38:00.000000','ROUSSEL','Emma','roussel emma');
INSERT INTO "child" VALUES(14,'2022-08-15','2026-10-01 10:39:00.000000','CARON','Maël','caron mael');
INSERT INTO "child" VALUES(15,'2019-04-17','2026-10-01 10:39:00.000000','CARON','Jade','caron jade');
INSERT INTO "child" VALUES(16,'2016-08-03','2026-10-01 10:40:00.000000','LEMAIRE','Louis','lemaire louis');
INSERT INTO "child" VALUES(17,'2021-05-21','2026-10-01 10:40:00.000000','LEMAIRE','Rose','lemaire rose');
INSERT INTO "child" VALUES(18,'2018-02-21','2026-10-01 10:41:00.000000','DELATTRE','Gabriel','delattre gabriel');
INSERT INTO "child" VALUES(19,'2013-06-26','2026-10-01 10:42:00.000000','MERCIER','Chloé','mercier chloe');
INSERT INTO "child" VALUES(20,'2015-05-10','2026-10-01 10:42:00.000000','MERCIER','Arthur','mercier arthur');
CREATE TABLE combination_rule (
	id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	CONSTRAINT pk_combination_rule PRIMARY KEY (id), 
	CONSTRAINT fk_combination_rule_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id) ON DELETE CASCADE
);
INSERT INTO "combination_rule" VALUES(1,2);
CREATE TABLE combination_rule_unit (
	rule_id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	CONSTRAINT pk_combination_rule_unit PRIMARY KEY (rule_id, unit_id), 
	CONSTRAINT fk_combination_rule_unit_rule_id_combination_rule FOREIGN KEY(rule_id) REFERENCES combination_rule (id) ON DELETE CASCADE, 
	CONSTRAINT fk_combination_rule_unit_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id) ON DELETE CASCADE
);
INSERT INTO "combination_rule_unit" VALUES(1,1);
INSERT INTO "combination_rule_unit" VALUES(1,3);
CREATE TABLE commune (
	insee_code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	folded_name VARCHAR NOT NULL, 
	CONSTRAINT pk_commune PRIMARY KEY (insee_code)
);
INSERT INTO "commune" VALUES('80010','Ailly-sur-Noye','ailly sur noye');
INSERT INTO "commune" VALUES('80131','Boves','boves');
INSERT INTO "commune" VALUES('80213','Cottenchy','cottenchy');
INSERT INTO "commune" VALUES('80236','Davenescourt','davenescourt');
INSERT INTO "commune" VALUES('80237','Démuin','demuin');
INSERT INTO "commune" VALUES('80242','Domart-sur-la-Luce','domart sur la luce');
INSERT INTO "commune" VALUES('80414','Hangard','hangard');
INSERT INTO "commune" VALUES('80452','Jumel','jumel');
INSERT INTO "commune" VALUES('80545','Mézières-en-Santerre','mezieres en santerre');
INSERT INTO "commune" VALUES('80561','Montdidier','montdidier');
INSERT INTO "commune" VALUES('80570','Moreuil','moreuil');
INSERT INTO "commune" VALUES('80571','Morisel','morisel');
INSERT INTO "commune" VALUES('80657','Quiry-le-Sec','quiry le sec');
INSERT INTO "commune" VALUES('80751','Thennes','thennes');
CREATE TABLE commune_postal_code (
	insee_code VARCHAR NOT NULL, 
	postal_code VARCHAR NOT NULL, 
	CONSTRAINT pk_commune_postal_code PRIMARY KEY (insee_code, postal_code), 
	CONSTRAINT fk_commune_postal_code_insee_code_commune FOREIGN KEY(insee_code) REFERENCES commune (insee_code) ON DELETE CASCADE
);
INSERT INTO "commune_postal_code" VALUES('80010','80250');
INSERT INTO "commune_postal_code" VALUES('80131','80440');
INSERT INTO "commune_postal_code" VALUES('80213','80440');
INSERT INTO "commune_postal_code" VALUES('80236','80500');
INSERT INTO "commune_postal_code" VALUES('80237','80110');
INSERT INTO "commune_postal_code" VALUES('80242','80110');
INSERT INTO "commune_postal_code" VALUES('80414','80110');
INSERT INTO "commune_postal_code" VALUES('80452','80250');
INSERT INTO "commune_postal_code" VALUES('80545','80110');
INSERT INTO "commune_postal_code" VALUES('80561','80500');
INSERT INTO "commune_postal_code" VALUES('80570','80110');
INSERT INTO "commune_postal_code" VALUES('80571','80110');
INSERT INTO "commune_postal_code" VALUES('80657','80250');
INSERT INTO "commune_postal_code" VALUES('80751','80110');
CREATE TABLE consent (
	id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	text_id INTEGER NOT NULL, 
	given_at DATETIME NOT NULL, 
	CONSTRAINT pk_consent PRIMARY KEY (id), 
	CONSTRAINT fk_consent_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE, 
	CONSTRAINT fk_consent_text_id_consent_text FOREIGN KEY(text_id) REFERENCES consent_text (id)
);
INSERT INTO "consent" VALUES(1,1,1,'2026-09-26 16:40:00.000000');
INSERT INTO "consent" VALUES(2,2,1,'2026-09-26 16:41:00.000000');
INSERT INTO "consent" VALUES(3,3,1,'2026-09-26 16:42:00.000000');
INSERT INTO "consent" VALUES(4,4,1,'2026-09-26 16:43:00.000000');
INSERT INTO "consent" VALUES(5,5,1,'2026-09-27 16:44:00.000000');
INSERT INTO "consent" VALUES(6,6,1,'2026-09-27 16:45:00.000000');
INSERT INTO "consent" VALUES(7,7,1,'2026-09-27 16:46:00.000000');
INSERT INTO "consent" VALUES(8,8,1,'2026-09-27 16:47:00.000000');
INSERT INTO "consent" VALUES(9,9,1,'2026-09-28 16:48:00.000000');
INSERT INTO "consent" VALUES(10,10,1,'2026-09-28 16:49:00.000000');
INSERT INTO "consent" VALUES(11,11,1,'2026-09-28 16:50:00.000000');
INSERT INTO "consent" VALUES(12,12,1,'2026-09-28 16:51:00.000000');
INSERT INTO "consent" VALUES(13,13,1,'2026-09-29 16:52:00.000000');
INSERT INTO "consent" VALUES(14,14,1,'2026-11-22 11:30:00.000000');
INSERT INTO "consent" VALUES(15,15,1,'2026-11-23 04:30:00.000000');
CREATE TABLE consent_text (
	id INTEGER NOT NULL, 
	body VARCHAR NOT NULL, 
	starts_on DATE NOT NULL, 
	CONSTRAINT pk_consent_text PRIMARY KEY (id)
);
INSERT INTO "consent_text" VALUES(1,'Nous recueillons ces informations pour ouvrir votre compte, inscrire vos enfants, les accueillir et vous facturer. Ce traitement repose sur votre consentement. Seuls les agents de « Communauté de communes de démonstration » chargés de l’enfance, de la jeunesse et de la facturation y ont accès ; rien n’est vendu ni transmis à d’autres fins. Votre dossier est conservé cinq ans après votre dernière activité, puis effacé.
Vous pouvez à tout moment consulter vos données, les corriger, en demander une copie ou l’effacement, limiter leur usage ou vous y opposer, et retirer votre consentement, en écrivant à dpo@example.org. Si vous estimez, après nous avoir écrit, que vos droits ne sont pas respectés, vous pouvez saisir la CNIL (www.cnil.fr).','2026-09-01');
CREATE TABLE council (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	school_zone VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	dpo_email VARCHAR NOT NULL, 
	is_demo BOOLEAN NOT NULL, 
	settings_version INTEGER NOT NULL, 
	CONSTRAINT pk_council PRIMARY KEY (id), 
	CONSTRAINT ck_council_single_row CHECK (id = 1)
);
INSERT INTO "council" VALUES(1,'Communauté de communes de démonstration','B','144 rue du Cardinal Mercier, 80110 Moreuil','contact@example.org','+33353010000','dpo@example.org',1,20);
CREATE TABLE enrolment (
	id INTEGER NOT NULL, 
	child_id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	activity_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	starts_on DATE NOT NULL, 
	ends_on DATE NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	requested_at DATETIME NOT NULL, 
	requested_by_id INTEGER NOT NULL, 
	decided_at DATETIME, 
	decided_by_id INTEGER, 
	refusal_reason VARCHAR, 
	CONSTRAINT pk_enrolment PRIMARY KEY (id), 
	CONSTRAINT fk_enrolment_activity_id_activity FOREIGN KEY(activity_id) REFERENCES activity (id), 
	CONSTRAINT fk_enrolment_child_id_child FOREIGN KEY(child_id) REFERENCES child (id) ON DELETE CASCADE, 
	CONSTRAINT fk_enrolment_decided_by_id_user_account FOREIGN KEY(decided_by_id) REFERENCES user_account (id), 
	CONSTRAINT fk_enrolment_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE, 
	CONSTRAINT fk_enrolment_group_id_activity_group FOREIGN KEY(group_id) REFERENCES activity_group (id), 
	CONSTRAINT fk_enrolment_requested_by_id_user_account FOREIGN KEY(requested_by_id) REFERENCES user_account (id)
);
INSERT INTO "enrolment" VALUES(1,1,1,1,3,'2026-10-06','2027-08-31','accepted','2026-10-06 18:10:00.000000',5,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(2,1,1,2,5,'2026-10-06','2027-08-31','accepted','2026-10-06 18:11:00.000000',5,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(3,1,1,3,6,'2026-10-06','2027-08-31','accepted','2026-10-06 18:12:00.000000',5,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(4,2,1,1,2,'2026-10-06','2027-08-31','accepted','2026-10-06 18:13:00.000000',5,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(5,2,1,2,5,'2026-10-06','2027-08-31','accepted','2026-10-06 18:14:00.000000',5,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(11,6,4,1,2,'2026-10-06','2027-08-31','accepted','2026-10-06 18:20:00.000000',8,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(12,6,4,2,5,'2026-10-06','2027-08-31','accepted','2026-10-06 18:21:00.000000',8,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(15,7,6,1,1,'2026-10-06','2027-08-31','accepted','2026-10-06 18:24:00.000000',10,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(16,8,6,1,2,'2026-10-06','2027-08-31','accepted','2026-10-06 18:25:00.000000',10,'2026-10-08 08:15:00.000000',1,NULL);
INSERT INTO "enrolment" VALUES(17,8,6,2,5,'2026-10-06','2027-08-31','accepted','2026-10-06 18:26:00.000000',10,'2026-10-08 08:15:00.000000',1,NULL);
CREATE TABLE family (
	id INTEGER NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	home_phone VARCHAR, 
	mobile_phone VARCHAR, 
	regime VARCHAR(40), 
	fund_number VARCHAR, 
	fund_holder_name VARCHAR, 
	created_at DATETIME NOT NULL, 
	decided_at DATETIME, 
	decided_by_id INTEGER, 
	refusal_reason VARCHAR, 
	last_name VARCHAR NOT NULL, 
	first_name VARCHAR NOT NULL, 
	folded_name VARCHAR NOT NULL, 
	CONSTRAINT pk_family PRIMARY KEY (id), 
	CONSTRAINT fk_family_decided_by_id_user_account FOREIGN KEY(decided_by_id) REFERENCES user_account (id)
);
INSERT INTO "family" VALUES(1,'active','+33300000000','+33600000000','general','gAAAAABrA4I9tJzVu4vaN82pU7Aw7IkidXpcXP378wNnOiBmu1sXVeJ01dG1TJkFDhgqgrkDVqxpHh2NR2VhhokyF5epxkJ5qw==','TEST Fabrice','2026-09-26 16:40:00.000000','2026-10-01 07:00:00.000000',1,NULL,'TEST','Fabrice','test fabrice');
INSERT INTO "family" VALUES(2,'active',NULL,'+33639980001','general','gAAAAABrA4I9TbguDpcBNNb_8WVkUZf2opzQz4QPXquWP7fCtwDdzQIl_NWDvbnchJAZLUPzOV-WmW4f6iypvzV043haBcA2oQ==','BERNARD Claire','2026-09-26 16:41:00.000000','2026-10-01 07:01:00.000000',1,NULL,'BERNARD','Claire','bernard claire');
INSERT INTO "family" VALUES(3,'active',NULL,'+33639980002','general','gAAAAABrA4I9UJ0PFk0hEeu4O4oX9WYCQA9fX1XXC4tXep_oxDfaA4xYUqI8mxydOODvSwv0-L7KXVXGgvHCs0DR2gLIEiiHsw==','LEFÈVRE Thomas','2026-09-26 16:42:00.000000','2026-10-01 07:02:00.000000',1,NULL,'LEFÈVRE','Thomas','lefevre thomas');
INSERT INTO "family" VALUES(4,'active',NULL,'+33639980003','general','gAAAAABrA4I90qQhJsEQVM47co2fEZ5yE5etaF9IE8ZHcODeYtoU9iK87T5vG1BY65oodpgR6HdOMmcCiHA0_lvKQRzDBD27sA==','MOREAU Julie','2026-09-26 16:43:00.000000','2026-10-01 07:03:00.000000',1,NULL,'MOREAU','Julie','moreau julie');
INSERT INTO "family" VALUES(5,'active',NULL,'+33639980004','general','gAAAAABrA4I9tH0r6Nl3WitNuQA5usloUU-HZW0XQ59az9HzTrP0XKD6FmfoASjC3Oh_8Yl96WXRqhHgiVKu-JpghzPb_Ije0g==','PETIT Karim','2026-09-27 16:44:00.000000','2026-10-01 07:04:00.000000',1,NULL,'PETIT','Karim','petit karim');
INSERT INTO "family" VALUES(6,'active',NULL,'+33639980005','general',NULL,NULL,'2026-09-27 16:45:00.000000','2026-10-01 07:05:00.000000',1,NULL,'DUBOIS','Sandrine','dubois sandrine');
INSERT INTO "family" VALUES(7,'active',NULL,'+33639980006','general','gAAAAABrA4I9P_rQsXxTwPL_zZk0gKPYUU1ENtp5Vxgzkw5a67eefa3u1kWLk22ElLSUpYAsu9_5MbjnyJuj5WvCW6hXaT6Q6Q==','FONTAINE Mathieu','2026-09-27 16:46:00.000000','2026-10-01 07:06:00.000000',1,NULL,'FONTAINE','Mathieu','fontaine mathieu');
INSERT INTO "family" VALUES(8,'active',NULL,'+33639980007','general','gAAAAABrA4I-aY8FV4qM3q89CSMQRv7Ftb-f641PUdQNiCVESCADLNXQW7fgP5W-zy5CbnUZoEc4Y_a1cqNPgXQ3B9OXY2aovw==','GARNIER Aïcha','2026-09-27 16:47:00.000000','2026-10-01 07:07:00.000000',1,NULL,'GARNIER','Aïcha','garnier aicha');
INSERT INTO "family" VALUES(9,'active',NULL,'+33639980008','general','gAAAAABrA4I-jGWz2Z_TJxclvKOaafPVbXON7bPzaVfgmLZ2baZaIkDJEIRl8sBNcR6T0myZafZg3QCISU-DX5K_zJ75pJ2ybQ==','ROUSSEL Nicolas','2026-09-28 16:48:00.000000','2026-10-01 07:08:00.000000',1,NULL,'ROUSSEL','Nicolas','roussel nicolas');
INSERT INTO "family" VALUES(10,'active',NULL,'+33639980009','general','gAAAAABrA4I-fJCJMIwkopoxQektmrnJkS-JQ5HHBE7dD-M9HZ8nF_FiFFyjsEcrn2Owi9QoACbzxaQ9wSzy6eNRJbOcfHCMKQ==','CARON Élodie','2026-09-28 16:49:00.000000','2026-10-01 07:09:00.000000',1,NULL,'CARON','Élodie','caron elodie');
INSERT INTO "family" VALUES(11,'active','+33353010001',NULL,'agricultural','gAAAAABrA4I-0E5r4JRbppprc-A6EtGXBZ4mRc-L-k-wk_R48PxmFG4hZAjG04Gaf-kZ1VDbds8-zitgibuMwaU_As79LeQ9OA==','LEMAIRE Stéphane','2026-09-28 16:50:00.000000','2026-10-01 07:10:00.000000',1,NULL,'LEMAIRE','Stéphane','lemaire stephane');
INSERT INTO "family" VALUES(12,'active',NULL,'+33639980010','general','gAAAAABrA4I-wvxMVfz00PS_B4N1_2xaPyPKTnbfAmoJhSItuFrjJFKI_njYrXfcTZwpBQlduUnDpjuSTqtIgOUNGNg4gChwog==','DELATTRE Inès','2026-09-28 16:51:00.000000','2026-10-01 07:11:00.000000',1,NULL,'DELATTRE','Inès','delattre ines');
INSERT INTO "family" VALUES(13,'active',NULL,'+33639980011','other',NULL,NULL,'2026-09-29 16:52:00.000000','2026-10-01 07:12:00.000000',1,NULL,'MERCIER','Paul','mercier paul');
INSERT INTO "family" VALUES(14,'pending',NULL,NULL,NULL,NULL,NULL,'2026-11-22 11:30:00.000000',NULL,NULL,NULL,'WATTEL','Amandine','wattel amandine');
INSERT INTO "family" VALUES(15,'pending',NULL,NULL,NULL,NULL,NULL,'2026-11-23 04:30:00.000000',NULL,NULL,NULL,'HECQUET','Rémi','hecquet remi');
CREATE TABLE family_address (
	id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	starts_on DATE NOT NULL, 
	number VARCHAR NOT NULL, 
	repetition VARCHAR NOT NULL, 
	street VARCHAR NOT NULL, 
	complement VARCHAR NOT NULL, 
	postal_code VARCHAR NOT NULL, 
	city VARCHAR NOT NULL, 
	insee_code VARCHAR NOT NULL, 
	CONSTRAINT pk_family_address PRIMARY KEY (id), 
	CONSTRAINT fk_family_address_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE, 
	CONSTRAINT fk_family_address_insee_code_commune FOREIGN KEY(insee_code) REFERENCES commune (insee_code), 
	CONSTRAINT uq_family_address_family_id_starts_on UNIQUE (family_id, starts_on)
);
INSERT INTO "family_address" VALUES(1,1,'2026-09-26','12','','Rue des Tilleuls','','80110','Démuin','80237');
INSERT INTO "family_address" VALUES(2,2,'2026-09-26','4','','Rue du Moulin','','80110','Moreuil','80570');
INSERT INTO "family_address" VALUES(3,3,'2026-09-26','27','','Rue de l’Église','','80110','Hangard','80414');
INSERT INTO "family_address" VALUES(4,4,'2026-09-26','9','','Rue des Écoles','','80250','Ailly-sur-Noye','80010');
INSERT INTO "family_address" VALUES(5,5,'2026-09-27','2','bis','Impasse des Saules','','80110','Morisel','80571');
INSERT INTO "family_address" VALUES(6,6,'2026-09-27','15','','Grande Rue','','80250','Jumel','80452');
INSERT INTO "family_address" VALUES(7,7,'2026-09-27','31','','Rue de Verdun','','80500','Montdidier','80561');
INSERT INTO "family_address" VALUES(8,8,'2026-09-27','6','','Rue du Château','','80110','Thennes','80751');
INSERT INTO "family_address" VALUES(9,9,'2026-09-28','18','','Rue de la Gare','','80440','Boves','80131');
INSERT INTO "family_address" VALUES(10,10,'2026-09-28','3','','Chemin du Marais','','80110','Domart-sur-la-Luce','80242');
INSERT INTO "family_address" VALUES(11,11,'2026-09-28','','','Ferme du Bois','','80250','Quiry-le-Sec','80657');
INSERT INTO "family_address" VALUES(12,12,'2026-09-28','22','','Rue Pasteur','Appartement 4','80500','Davenescourt','80236');
INSERT INTO "family_address" VALUES(13,13,'2026-09-29','11','','Rue du 8 Mai','','80110','Mézières-en-Santerre','80545');
INSERT INTO "family_address" VALUES(14,14,'2026-11-22','7','','Rue des Jardins','','80110','Moreuil','80570');
INSERT INTO "family_address" VALUES(15,15,'2026-11-23','40','','Route d’Amiens','','80440','Cottenchy','80213');
CREATE TABLE family_child (
	family_id INTEGER NOT NULL, 
	child_id INTEGER NOT NULL, 
	CONSTRAINT pk_family_child PRIMARY KEY (family_id, child_id), 
	CONSTRAINT fk_family_child_child_id_child FOREIGN KEY(child_id) REFERENCES child (id) ON DELETE CASCADE, 
	CONSTRAINT fk_family_child_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE
);
INSERT INTO "family_child" VALUES(1,1);
INSERT INTO "family_child" VALUES(1,2);
INSERT INTO "family_child" VALUES(2,3);
INSERT INTO "family_child" VALUES(2,4);
INSERT INTO "family_child" VALUES(3,5);
INSERT INTO "family_child" VALUES(4,6);
INSERT INTO "family_child" VALUES(5,6);
INSERT INTO "family_child" VALUES(6,7);
INSERT INTO "family_child" VALUES(6,8);
INSERT INTO "family_child" VALUES(7,9);
INSERT INTO "family_child" VALUES(7,10);
INSERT INTO "family_child" VALUES(8,11);
INSERT INTO "family_child" VALUES(8,12);
INSERT INTO "family_child" VALUES(9,13);
INSERT INTO "family_child" VALUES(10,14);
INSERT INTO "family_child" VALUES(10,15);
INSERT INTO "family_child" VALUES(11,16);
INSERT INTO "family_child" VALUES(11,17);
INSERT INTO "family_child" VALUES(12,18);
INSERT INTO "family_child" VALUES(13,19);
INSERT INTO "family_child" VALUES(13,20);
CREATE TABLE family_quotient (
	id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	value_cents INTEGER NOT NULL, 
	starts_on DATE NOT NULL, 
	ends_on DATE, 
	verified_at DATETIME, 
	verified_by_id INTEGER, 
	declared_at DATETIME NOT NULL, 
	CONSTRAINT pk_family_quotient PRIMARY KEY (id), 
	CONSTRAINT fk_family_quotient_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE, 
	CONSTRAINT fk_family_quotient_verified_by_id_user_account FOREIGN KEY(verified_by_id) REFERENCES user_account (id), 
	CONSTRAINT uq_family_quotient_family_id_starts_on UNIQUE (family_id, starts_on)
);
INSERT INTO "family_quotient" VALUES(1,1,62000,'2026-01-01',NULL,'2026-10-01 10:30:00.000000',1,'2026-10-01 10:30:00.000000');
INSERT INTO "family_quotient" VALUES(2,2,41000,'2026-01-01',NULL,'2026-10-01 10:31:00.000000',1,'2026-10-01 10:31:00.000000');
INSERT INTO "family_quotient" VALUES(3,3,89000,'2026-01-01',NULL,'2026-10-01 10:32:00.000000',1,'2026-10-01 10:32:00.000000');
INSERT INTO "family_quotient" VALUES(4,4,54000,'2026-01-01',NULL,'2026-10-01 10:33:00.000000',1,'2026-10-01 10:33:00.000000');
INSERT INTO "family_quotient" VALUES(5,5,98000,'2026-01-01',NULL,'2026-10-01 10:34:00.000000',1,'2026-10-01 10:34:00.000000');
INSERT INTO "family_quotient" VALUES(6,7,73000,'2026-01-01',NULL,'2026-10-01 10:36:00.000000',1,'2026-10-01 10:36:00.000000');
INSERT INTO "family_quotient" VALUES(7,8,32000,'2026-01-01',NULL,'2026-10-01 10:37:00.000000',1,'2026-10-01 10:37:00.000000');
INSERT INTO "family_quotient" VALUES(8,9,124000,'2026-01-01',NULL,'2026-10-01 10:38:00.000000',1,'2026-10-01 10:38:00.000000');
INSERT INTO "family_quotient" VALUES(9,10,50500,'2026-01-01',NULL,NULL,NULL,'2026-10-01 10:39:00.000000');
INSERT INTO "family_quotient" VALUES(10,11,68000,'2026-01-01',NULL,'2026-10-01 10:40:00.000000',1,'2026-10-01 10:40:00.000000');
INSERT INTO "family_quotient" VALUES(11,12,45000,'2026-01-01',NULL,'2026-10-01 10:41:00.000000',1,'2026-10-01 10:41:00.000000');
INSERT INTO "family_quotient" VALUES(12,13,108000,'2026-01-01',NULL,'2026-10-01 10:42:00.000000',1,'2026-10-01 10:42:00.000000');
CREATE TABLE guardian (
	id INTEGER NOT NULL, 
	family_id INTEGER NOT NULL, 
	user_id INTEGER, 
	title VARCHAR(40) NOT NULL, 
	email VARCHAR, 
	last_name VARCHAR NOT NULL, 
	first_name VARCHAR NOT NULL, 
	folded_name VARCHAR NOT NULL, 
	CONSTRAINT pk_guardian PRIMARY KEY (id), 
	CONSTRAINT fk_guardian_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE, 
	CONSTRAINT fk_guardian_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id), 
	CONSTRAINT uq_guardian_family_id_user_id UNIQUE (family_id, user_id)
);
INSERT INTO "guardian" VALUES(1,1,5,'mister','parent@example.org','TEST','Fabrice','test fabrice');
INSERT INTO "guardian" VALUES(2,2,6,'madam','claire.bernard@example.org','BERNARD','Claire','bernard claire');
INSERT INTO "guardian" VALUES(3,3,7,'mister','thomas.lefevre@example.org','LEFÈVRE','Thomas','lefevre thomas');
INSERT INTO "guardian" VALUES(4,4,8,'madam','julie.moreau@example.org','MOREAU','Julie','moreau julie');
INSERT INTO "guardian" VALUES(5,5,9,'mister','karim.petit@example.org','PETIT','Karim','petit karim');
INSERT INTO "guardian" VALUES(6,6,10,'madam','sandrine.dubois@example.org','DUBOIS','Sandrine','dubois sandrine');
INSERT INTO "guardian" VALUES(7,7,11,'mister','mathieu.fontaine@example.org','FONTAINE','Mathieu','fontaine mathieu');
INSERT INTO "guardian" VALUES(8,8,12,'madam','aicha.garnier@example.org','GARNIER','Aïcha','garnier aicha');
INSERT INTO "guardian" VALUES(9,9,13,'mister','nicolas.roussel@example.org','ROUSSEL','Nicolas','roussel nicolas');
INSERT INTO "guardian" VALUES(10,10,14,'madam','elodie.caron@example.org','CARON','Élodie','caron elodie');
INSERT INTO "guardian" VALUES(11,11,15,'mister','stephane.lemaire@example.org','LEMAIRE','Stéphane','lemaire stephane');
INSERT INTO "guardian" VALUES(12,12,16,'madam','ines.delattre@example.org','DELATTRE','Inès','delattre ines');
INSERT INTO "guardian" VALUES(13,13,17,'mister','paul.mercier@example.org','MERCIER','Paul','mercier paul');
INSERT INTO "guardian" VALUES(14,1,NULL,'madam','sophie.test@example.org','TEST','Sophie','test sophie');
INSERT INTO "guardian" VALUES(15,14,NULL,'madam','amandine.wattel@example.org','WATTEL','Amandine','wattel amandine');
INSERT INTO "guardian" VALUES(16,15,NULL,'mister','remi.hecquet@example.org','HECQUET','Rémi','hecquet remi');
CREATE TABLE installation (
	id INTEGER NOT NULL, 
	data_key_check VARCHAR NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (id), 
	CONSTRAINT ck_installation_single_row CHECK (id = 1)
);
INSERT INTO "installation" VALUES(1,'gAAAAABrA4I3m3A_bb3fZWQypX4A67Dw14txt9zi8SqmVOYGCyPjdtR1vaJYJT4RZUXXC1pcLi3EhqDv24-8PHU2tWxy7r4BGg==');
CREATE TABLE office (
	id INTEGER NOT NULL, 
	prefix VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	payfip_number VARCHAR, 
	CONSTRAINT pk_office PRIMARY KEY (id), 
	CONSTRAINT uq_office_prefix UNIQUE (prefix)
);
INSERT INTO "office" VALUES(1,'pop','Service périscolaire','012345');
INSERT INTO "office" VALUES(2,'AN','Service des accueils de loisirs','012345');
INSERT INTO "office" VALUES(3,'caj','Centre animation jeunesse','067890');
CREATE TABLE opening (
	id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	is_open BOOLEAN NOT NULL, 
	closing_reason VARCHAR, 
	CONSTRAINT pk_opening PRIMARY KEY (id), 
	CONSTRAINT fk_opening_group_id_activity_group FOREIGN KEY(group_id) REFERENCES activity_group (id), 
	CONSTRAINT fk_opening_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id), 
	CONSTRAINT uq_opening_day_unit_id_group_id UNIQUE (day, unit_id, group_id)
);
INSERT INTO "opening" VALUES(22,1,1,'2026-11-04',1,NULL);
INSERT INTO "opening" VALUES(23,1,2,'2026-11-04',1,NULL);
INSERT INTO "opening" VALUES(25,1,1,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(26,1,2,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(27,1,3,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(28,1,1,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(29,1,2,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(30,1,3,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(31,1,1,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(32,1,2,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(33,1,3,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(34,1,1,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(35,1,2,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(36,1,3,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(37,1,1,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(38,1,2,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(39,1,3,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(127,2,1,'2026-11-04',1,NULL);
INSERT INTO "opening" VALUES(128,2,2,'2026-11-04',1,NULL);
INSERT INTO "opening" VALUES(130,2,1,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(131,2,2,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(132,2,3,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(133,2,1,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(134,2,2,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(135,2,3,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(136,2,1,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(137,2,2,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(138,2,3,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(139,2,1,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(140,2,2,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(141,2,3,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(142,2,1,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(143,2,2,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(144,2,3,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(233,3,2,'2026-11-04',1,NULL);
INSERT INTO "opening" VALUES(236,3,2,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(237,3,3,'2026-11-18',1,NULL);
INSERT INTO "opening" VALUES(239,3,2,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(240,3,3,'2026-11-25',1,NULL);
INSERT INTO "opening" VALUES(242,3,2,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(243,3,3,'2026-12-02',1,NULL);
INSERT INTO "opening" VALUES(245,3,2,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(246,3,3,'2026-12-09',1,NULL);
INSERT INTO "opening" VALUES(248,3,2,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(249,3,3,'2026-12-16',1,NULL);
INSERT INTO "opening" VALUES(371,4,5,'2026-11-02',1,NULL);
INSERT INTO "opening" VALUES(375,4,5,'2026-11-05',1,NULL);
INSERT INTO "opening" VALUES(379,4,5,'2026-11-09',1,NULL);
INSERT INTO "opening" VALUES(383,4,5,'2026-11-12',1,NULL);
INSERT INTO "opening" VALUES(391,4,5,'2026-11-19',1,NULL);
INSERT INTO "opening" VALUES(395,4,5,'2026-11-23',1,NULL);
INSERT INTO "opening" VALUES(399,4,5,'2026-11-26',1,NULL);
INSERT INTO "opening" VALUES(403,4,5,'2026-11-30',1,NULL);
INSERT INTO "opening" VALUES(407,4,5,'2026-12-03',1,NULL);
INSERT INTO "opening" VALUES(415,4,5,'2026-12-10',1,NULL);
INSERT INTO "opening" VALUES(419,4,5,'2026-12-14',1,NULL);
INSERT INTO "opening" VALUES(423,4,5,'2026-12-17',1,NULL);
INSERT INTO "opening" VALUES(649,5,5,'2026-11-02',1,NULL);
INSERT INTO "opening" VALUES(651,5,5,'2026-11-03',1,NULL);
INSERT INTO "opening" VALUES(653,5,5,'2026-11-05',1,NULL);
INSERT INTO "opening" VALUES(655,5,5,'2026-11-06',1,NULL);
INSERT INTO "opening" VALUES(657,5,5,'2026-11-09',1,NULL);
INSERT INTO "opening" VALUES(659,5,5,'2026-11-10',1,NULL);
INSERT INTO "opening" VALUES(661,5,5,'2026-11-12',1,NULL);
INSERT INTO "opening" VALUES(663,5,5,'2026-11-13',1,NULL);
INSERT INTO "opening" VALUES(665,5,5,'2026-11-16',1,NULL);
INSERT INTO "opening" VALUES(667,5,5,'2026-11-17',1,NULL);
INSERT INTO "opening" VALUES(669,5,5,'2026-11-19',1,NULL);
INSERT INTO "opening" VALUES(671,5,5,'2026-11-20',1,NULL);
INSERT INTO "opening" VALUES(673,5,5,'2026-11-23',1,NULL);
INSERT INTO "opening" VALUES(675,5,5,'2026-11-24',1,NULL);
INSERT INTO "opening" VALUES(677,5,5,'2026-11-26',1,NULL);
INSERT INTO "opening" VALUES(679,5,5,'2026-11-27',1,NULL);
INSERT INTO "opening" VALUES(681,5,5,'2026-11-30',1,NULL);
INSERT INTO "opening" VALUES(683,5,5,'2026-12-01',1,NULL);
INSERT INTO "opening" VALUES(685,5,5,'2026-12-03',1,NULL);
INSERT INTO "opening" VALUES(687,5,5,'2026-12-04',1,NULL);
INSERT INTO "opening" VALUES(689,5,5,'2026-12-07',1,NULL);
INSERT INTO "opening" VALUES(691,5,5,'2026-12-08',1,NULL);
INSERT INTO "opening" VALUES(693,5,5,'2026-12-10',1,NULL);
INSERT INTO "opening" VALUES(695,5,5,'2026-12-11',1,NULL);
INSERT INTO "opening" VALUES(697,5,5,'2026-12-14',1,NULL);
INSERT INTO "opening" VALUES(699,5,5,'2026-12-15',1,NULL);
INSERT INTO "opening" VALUES(701,5,5,'2026-12-17',1,NULL);
INSERT INTO "opening" VALUES(882,6,6,'2026-10-26',1,NULL);
INSERT INTO "opening" VALUES(884,6,6,'2026-10-27',1,NULL);
INSERT INTO "opening" VALUES(886,6,6,'2026-10-28',1,NULL);
INSERT INTO "opening" VALUES(888,6,6,'2026-10-29',1,NULL);
INSERT INTO "opening" VALUES(890,6,6,'2026-10-30',1,NULL);
INSERT INTO "opening" VALUES(892,6,6,'2026-12-21',1,NULL);
INSERT INTO "opening" VALUES(894,6,6,'2026-12-22',1,NULL);
INSERT INTO "opening" VALUES(896,6,6,'2026-12-23',1,NULL);
INSERT INTO "opening" VALUES(900,6,6,'2026-12-28',1,NULL);
INSERT INTO "opening" VALUES(902,6,6,'2026-12-29',1,NULL);
INSERT INTO "opening" VALUES(904,6,6,'2026-12-30',1,NULL);
INSERT INTO "opening" VALUES(906,6,6,'2026-12-31',1,NULL);
INSERT INTO "opening" VALUES(1034,7,6,'2026-10-30',1,NULL);
CREATE TABLE outbox_mail (
	id INTEGER NOT NULL, 
	template VARCHAR NOT NULL, 
	recipient VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	secret VARCHAR, 
	family_id INTEGER, 
	status VARCHAR(40) NOT NULL, 
	attempts INTEGER NOT NULL, 
	not_before DATETIME NOT NULL, 
	error VARCHAR, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	CONSTRAINT pk_outbox_mail PRIMARY KEY (id), 
	CONSTRAINT fk_outbox_mail_family_id_family FOREIGN KEY(family_id) REFERENCES family (id) ON DELETE CASCADE
);
INSERT INTO "outbox_mail" VALUES(1,'sign_up_received','parent@example.org','Votre demande de compte est bien arrivée','Bonjour,

Nous avons bien reçu la demande de compte de la famille TEST Fabrice sur l’Espace famille. Merci !

Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.

Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.

À bientôt,
Communauté de communes de démonstration
[[portail]]
',NULL,1,'sent',0,'2026-09-26 16:40:00.000000',NULL,'2026-09-26 16:40:00.000000','2026-10-01 10:42:00.000000');
INSERT INTO "outbox_mail" VALUES(2,'sign_up_to_review','contact@example.org','Une demande de compte attend votre réponse','Bonjour,

La famille TEST Fabrice vient de demander un compte sur l’Espace famille. Sa demande vous attend dans « À traiter » :

[[portail]]/gestion/a-traiter

À bientôt,
Communauté de communes de démonstration
[[portail]]
',NULL,1,'sent',0,'2026-09-26 16:40:00.000000',NULL,'2026-09-26 16:41:00.000000','2026-10-01 10:42:00.000000');
INSERT INTO "outbox_mail" VALUES(3,'sign_up_received','claire.bernard@example.org','Votre demande de compte est bien arrivée','Bonjour,

Nous avons bien reçu la demande de compte de la famille BERNARD Claire sur l’Espace famille. Merci !

Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.

Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.

À bientôt,
Communauté de communes de démonstration
[[portail]]
',NULL,2,'sent',0,'2026-09-26 16:41:00.000000',NULL,'2026-09-26 16:41:00.000000','2026-10-01 10:42:00.000000');
INSERT INTO "outbox_mail" VALUES(4,'sign_up_to_review','contact@example.org','Une demande de compte attend votre réponse','Bonjour,

La famille BERNARD Claire vient de demander un compte sur l’Espace famille. Sa demande vous attend dans « À traiter » :

[[portail]]/gestion/a-traiter

À bientôt,
Communauté de communes de démonstration
[[portail]]
',NULL,2,'sent',0,'2026-09-26 16:41:00.000000',NULL,'2026-09-26 16:42:00.000000','2026-10-01 10:42:00.000000');
INSERT INTO "outbox_mail" VALUES(5,'sign_up_received','thomas.lefevre@example.org','Votre demande de compte est bien arrivée','Bonjour,

Nous avons bien reçu la demande de compte de la famille LEFÈVRE Thomas sur l’Espace famille. Merci !

Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.

Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.

À bientôt,
Communauté de communes de démonstration
[[portail]]
',NULL,3,'sent',0,'2026-09-26 16:42:00.000000',NULL,'2026-09-26 16:42:00.000000','2026-10-01 10:42:00.000000');
CREATE TABLE public_holiday (
	day DATE NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_public_holiday PRIMARY KEY (day)
);
INSERT INTO "public_holiday" VALUES('2025-01-01','Jour de l’an');
INSERT INTO "public_holiday" VALUES('2025-04-21','Lundi de Pâques');
INSERT INTO "public_holiday" VALUES('2025-05-01','Fête du Travail');
INSERT INTO "public_holiday" VALUES('2025-05-08','Fête de la Victoire');
INSERT INTO "public_holiday" VALUES('2025-05-29','Ascension');
INSERT INTO "public_holiday" VALUES('2025-06-09','Lundi de Pentecôte');
INSERT INTO "public_holiday" VALUES('2025-07-14','Fête nationale');
INSERT INTO "public_holiday" VALUES('2025-08-15','Assomption');
INSERT INTO "public_holiday" VALUES('2025-11-01','Toussaint');
INSERT INTO "public_holiday" VALUES('2025-11-11','Armistice');
INSERT INTO "public_holiday" VALUES('2025-12-25','Noël');
INSERT INTO "public_holiday" VALUES('2026-01-01','Jour de l’an');
INSERT INTO "public_holiday" VALUES('2026-04-06','Lundi de Pâques');
INSERT INTO "public_holiday" VALUES('2026-05-01','Fête du Travail');
INSERT INTO "public_holiday" VALUES('2026-05-08','Fête de la Victoire');
INSERT INTO "public_holiday" VALUES('2026-05-14','Ascension');
INSERT INTO "public_holiday" VALUES('2026-05-25','Lundi de Pentecôte');
INSERT INTO "public_holiday" VALUES('2026-07-14','Fête nationale');
INSERT INTO "public_holiday" VALUES('2026-08-15','Assomption');
INSERT INTO "public_holiday" VALUES('2026-11-01','Toussaint');
INSERT INTO "public_holiday" VALUES('2026-11-11','Armistice');
INSERT INTO "public_holiday" VALUES('2026-12-25','Noël');
INSERT INTO "public_holiday" VALUES('2027-01-01','Jour de l’an');
INSERT INTO "public_holiday" VALUES('2027-03-29','Lundi de Pâques');
INSERT INTO "public_holiday" VALUES('2027-05-01','Fête du Travail');
INSERT INTO "public_holiday" VALUES('2027-05-06','Ascension');
INSERT INTO "public_holiday" VALUES('2027-05-08','Fête de la Victoire');
INSERT INTO "public_holiday" VALUES('2027-05-17','Lundi de Pentecôte');
INSERT INTO "public_holiday" VALUES('2027-07-14','Fête nationale');
INSERT INTO "public_holiday" VALUES('2027-08-15','Assomption');
INSERT INTO "public_holiday" VALUES('2027-11-01','Toussaint');
INSERT INTO "public_holiday" VALUES('2027-11-11','Armistice');
INSERT INTO "public_holiday" VALUES('2027-12-25','Noël');
INSERT INTO "public_holiday" VALUES('2028-01-01','Jour de l’an');
INSERT INTO "public_holiday" VALUES('2028-04-17','Lundi de Pâques');
INSERT INTO "public_holiday" VALUES('2028-05-01','Fête du Travail');
INSERT INTO "public_holiday" VALUES('2028-05-08','Fête de la Victoire');
INSERT INTO "public_holiday" VALUES('2028-05-25','Ascension');
INSERT INTO "public_holiday" VALUES('2028-06-05','Lundi de Pentecôte');
INSERT INTO "public_holiday" VALUES('2028-07-14','Fête nationale');
INSERT INTO "public_holiday" VALUES('2028-08-15','Assomption');
INSERT INTO "public_holiday" VALUES('2028-11-01','Toussaint');
INSERT INTO "public_holiday" VALUES('2028-11-11','Armistice');
INSERT INTO "public_holiday" VALUES('2028-12-25','Noël');
CREATE TABLE reference_dataset (
	name VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	row_count INTEGER NOT NULL, 
	loaded_at DATETIME NOT NULL, 
	CONSTRAINT pk_reference_dataset PRIMARY KEY (name)
);
INSERT INTO "reference_dataset" VALUES('communes','@etalab/decoupage-administratif','6.0.0',34964,'2026-11-23 07:30:00.000000');
INSERT INTO "reference_dataset" VALUES('calendar','python-holidays','0.109, zone B, 2025–2028',69,'2026-11-23 07:30:00.000000');
CREATE TABLE save_receipt (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	saved_at DATETIME NOT NULL, 
	CONSTRAINT pk_save_receipt PRIMARY KEY (id), 
	CONSTRAINT fk_save_receipt_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_save_receipt_user_id_key UNIQUE (user_id, "key")
);
CREATE TABLE school_holiday (
	id INTEGER NOT NULL, 
	zone VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	starts_on DATE NOT NULL, 
	ends_on DATE NOT NULL, 
	CONSTRAINT pk_school_holiday PRIMARY KEY (id)
);
INSERT INTO "school_holiday" VALUES(1,'B','Vacances de Noël','2024-12-21','2025-01-05');
INSERT INTO "school_holiday" VALUES(2,'B','Vacances d’hiver','2025-02-08','2025-02-23');
INSERT INTO "school_holiday" VALUES(3,'B','Vacances de printemps','2025-04-05','2025-04-21');
INSERT INTO "school_holiday" VALUES(4,'B','Pont de l’Ascension','2025-05-29','2025-06-01');
INSERT INTO "school_holiday" VALUES(5,'B','Vacances d’été','2025-07-05','2025-08-31');
INSERT INTO "school_holiday" VALUES(6,'B','Vacances de la Toussaint','2025-10-18','2025-11-02');
INSERT INTO "school_holiday" VALUES(7,'B','Vacances de Noël','2025-12-20','2026-01-04');
INSERT INTO "school_holiday" VALUES(8,'B','Vacances d’hiver','2026-02-14','2026-03-01');
INSERT INTO "school_holiday" VALUES(9,'B','Vacances de printemps','2026-04-11','2026-04-26');
INSERT INTO "school_holiday" VALUES(10,'B','Pont de l’Ascension','2026-05-14','2026-05-17');
INSERT INTO "school_holiday" VALUES(11,'B','Vacances d’été','2026-07-04','2026-08-31');
INSERT INTO "school_holiday" VALUES(12,'B','Vacances de la Toussaint','2026-10-17','2026-11-01');
INSERT INTO "school_holiday" VALUES(13,'B','Vacances de Noël','2026-12-19','2027-01-03');
INSERT INTO "school_holiday" VALUES(14,'B','Vacances d’hiver','2027-02-20','2027-03-07');
INSERT INTO "school_holiday" VALUES(15,'B','Vacances de printemps','2027-04-17','2027-05-02');
INSERT INTO "school_holiday" VALUES(16,'B','Pont de l’Ascension','2027-05-06','2027-05-09');
INSERT INTO "school_holiday" VALUES(17,'B','Vacances d’été','2027-07-03','2027-09-01');
INSERT INTO "school_holiday" VALUES(18,'B','Vacances de la Toussaint','2027-10-23','2027-11-07');
INSERT INTO "school_holiday" VALUES(19,'B','Vacances de Noël','2027-12-18','2028-01-02');
INSERT INTO "school_holiday" VALUES(20,'B','Vacances d’hiver','2028-02-05','2028-02-20');
INSERT INTO "school_holiday" VALUES(21,'B','Vacances de printemps','2028-04-08','2028-04-23');
INSERT INTO "school_holiday" VALUES(22,'B','Pont de l’Ascension','2028-05-25','2028-05-28');
INSERT INTO "school_holiday" VALUES(23,'B','Vacances d’été','2028-07-05','2028-09-03');
INSERT INTO "school_holiday" VALUES(24,'B','Vacances de la Toussaint','2028-10-21','2028-11-05');
INSERT INTO "school_holiday" VALUES(25,'B','Vacances de Noël','2028-12-23','2029-01-07');
CREATE TABLE season (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	starts_on DATE NOT NULL, 
	ends_on DATE NOT NULL, 
	CONSTRAINT pk_season PRIMARY KEY (id), 
	CONSTRAINT uq_season_name UNIQUE (name)
);
INSERT INTO "season" VALUES(1,'2026-2027','2026-09-01','2027-08-31');
CREATE TABLE sign_in_failure (
	id INTEGER NOT NULL, 
	subject_hash VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_sign_in_failure PRIMARY KEY (id)
);
CREATE TABLE site (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	CONSTRAINT pk_site PRIMARY KEY (id), 
	CONSTRAINT uq_site_name UNIQUE (name)
);
INSERT INTO "site" VALUES(1,'Accueil de loisirs Les Marronniers','3 rue de l’École, 80110 Moreuil');
INSERT INTO "site" VALUES(2,'Accueil périscolaire des Deux-Vallées','1 place de la Mairie, 80110 Démuin');
INSERT INTO "site" VALUES(3,'Centre animation jeunesse','8 rue du Stade, 80250 Ailly-sur-Noye');
CREATE TABLE staff_role (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	role VARCHAR(40) NOT NULL, 
	office_id INTEGER, 
	site_id INTEGER, 
	CONSTRAINT pk_staff_role PRIMARY KEY (id), 
	CONSTRAINT fk_staff_role_office_id_office FOREIGN KEY(office_id) REFERENCES office (id), 
	CONSTRAINT fk_staff_role_site_id_site FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT fk_staff_role_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_staff_role_user_id_role_office_id_site_id UNIQUE (user_id, role, office_id, site_id)
);
INSERT INTO "staff_role" VALUES(1,1,'file_clerk',NULL,NULL);
INSERT INTO "staff_role" VALUES(2,2,'regisseur',NULL,NULL);
INSERT INTO "staff_role" VALUES(3,3,'youth_worker',NULL,NULL);
INSERT INTO "staff_role" VALUES(4,4,'administrator',NULL,NULL);
CREATE TABLE tariff_bracket (
	id INTEGER NOT NULL, 
	version_id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	qf_from_cents INTEGER NOT NULL, 
	qf_below_cents INTEGER, 
	amount_cents INTEGER NOT NULL, 
	CONSTRAINT pk_tariff_bracket PRIMARY KEY (id), 
	CONSTRAINT fk_tariff_bracket_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id) ON DELETE CASCADE, 
	CONSTRAINT fk_tariff_bracket_version_id_tariff_version FOREIGN KEY(version_id) REFERENCES tariff_version (id) ON DELETE CASCADE, 
	CONSTRAINT uq_tariff_bracket_version_id_unit_id_qf_from_cents UNIQUE (version_id, unit_id, qf_from_cents)
);
INSERT INTO "tariff_bracket" VALUES(1,1,1,0,45000,210);
INSERT INTO "tariff_bracket" VALUES(2,1,1,45000,75000,320);
INSERT INTO "tariff_bracket" VALUES(3,1,1,75000,110000,420);
INSERT INTO "tariff_bracket" VALUES(4,1,1,110000,NULL,530);
INSERT INTO "tariff_bracket" VALUES(5,1,2,0,45000,250);
INSERT INTO "tariff_bracket" VALUES(6,1,2,45000,75000,340);
INSERT INTO "tariff_bracket" VALUES(7,1,2,75000,110000,410);
INSERT INTO "tariff_bracket" VALUES(8,1,2,110000,NULL,480);
INSERT INTO "tariff_bracket" VALUES(9,1,3,0,45000,210);
INSERT INTO "tariff_bracket" VALUES(10,1,3,45000,75000,320);
INSERT INTO "tariff_bracket" VALUES(11,1,3,75000,110000,420);
INSERT INTO "tariff_bracket" VALUES(12,1,3,110000,NULL,530);
INSERT INTO "tariff_bracket" VALUES(13,2,1,0,45000,220);
INSERT INTO "tariff_bracket" VALUES(14,2,1,45000,75000,330);
INSERT INTO "tariff_bracket" VALUES(15,2,1,75000,110000,430);
INSERT INTO "tariff_bracket" VALUES(16,2,1,110000,NULL,540);
INSERT INTO "tariff_bracket" VALUES(17,2,2,0,45000,260);
INSERT INTO "tariff_bracket" VALUES(18,2,2,45000,75000,350);
INSERT INTO "tariff_bracket" VALUES(19,2,2,75000,110000,420);
INSERT INTO "tariff_bracket" VALUES(20,2,2,110000,NULL,490);
INSERT INTO "tariff_bracket" VALUES(21,2,3,0,45000,220);
INSERT INTO "tariff_bracket" VALUES(22,2,3,45000,75000,330);
INSERT INTO "tariff_bracket" VALUES(23,2,3,75000,110000,430);
INSERT INTO "tariff_bracket" VALUES(24,2,3,110000,NULL,540);
INSERT INTO "tariff_bracket" VALUES(25,3,4,0,45000,80);
INSERT INTO "tariff_bracket" VALUES(26,3,4,45000,75000,120);
INSERT INTO "tariff_bracket" VALUES(27,3,4,75000,110000,160);
INSERT INTO "tariff_bracket" VALUES(28,3,4,110000,NULL,200);
INSERT INTO "tariff_bracket" VALUES(29,3,5,0,45000,100);
INSERT INTO "tariff_bracket" VALUES(30,3,5,45000,75000,150);
INSERT INTO "tariff_bracket" VALUES(31,3,5,75000,110000,200);
INSERT INTO "tariff_bracket" VALUES(32,3,5,110000,NULL,250);
INSERT INTO "tariff_bracket" VALUES(33,4,4,0,45000,90);
INSERT INTO "tariff_bracket" VALUES(34,4,4,45000,75000,130);
INSERT INTO "tariff_bracket" VALUES(35,4,4,75000,110000,170);
INSERT INTO "tariff_bracket" VALUES(36,4,4,110000,NULL,210);
INSERT INTO "tariff_bracket" VALUES(37,4,5,0,45000,110);
INSERT INTO "tariff_bracket" VALUES(38,4,5,45000,75000,160);
INSERT INTO "tariff_bracket" VALUES(39,4,5,75000,110000,210);
INSERT INTO "tariff_bracket" VALUES(40,4,5,110000,NULL,260);
INSERT INTO "tariff_bracket" VALUES(41,5,6,0,45000,500);
INSERT INTO "tariff_bracket" VALUES(42,5,6,45000,75000,700);
INSERT INTO "tariff_bracket" VALUES(43,5,6,75000,110000,900);
INSERT INTO "tariff_bracket" VALUES(44,5,6,110000,NULL,1100);
INSERT INTO "tariff_bracket" VALUES(45,5,7,0,45000,200);
INSERT INTO "tariff_bracket" VALUES(46,5,7,45000,75000,300);
INSERT INTO "tariff_bracket" VALUES(47,5,7,75000,110000,400);
INSERT INTO "tariff_bracket" VALUES(48,5,7,110000,NULL,500);
INSERT INTO "tariff_bracket" VALUES(49,6,6,0,45000,510);
INSERT INTO "tariff_bracket" VALUES(50,6,6,45000,75000,710);
INSERT INTO "tariff_bracket" VALUES(51,6,6,75000,110000,910);
INSERT INTO "tariff_bracket" VALUES(52,6,6,110000,NULL,1110);
INSERT INTO "tariff_bracket" VALUES(53,6,7,0,45000,210);
INSERT INTO "tariff_bracket" VALUES(54,6,7,45000,75000,310);
INSERT INTO "tariff_bracket" VALUES(55,6,7,75000,110000,410);
INSERT INTO "tariff_bracket" VALUES(56,6,7,110000,NULL,510);
CREATE TABLE tariff_version (
	id INTEGER NOT NULL, 
	activity_id INTEGER NOT NULL, 
	starts_on DATE NOT NULL, 
	CONSTRAINT pk_tariff_version PRIMARY KEY (id), 
	CONSTRAINT fk_tariff_version_activity_id_activity FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE, 
	CONSTRAINT uq_tariff_version_activity_id_starts_on UNIQUE (activity_id, starts_on)
);
INSERT INTO "tariff_version" VALUES(1,1,'2026-09-01');
INSERT INTO "tariff_version" VALUES(2,1,'2027-01-01');
INSERT INTO "tariff_version" VALUES(3,2,'2026-09-01');
INSERT INTO "tariff_version" VALUES(4,2,'2027-01-01');
INSERT INTO "tariff_version" VALUES(5,3,'2026-09-01');
INSERT INTO "tariff_version" VALUES(6,3,'2027-01-01');
CREATE TABLE unit (
	id INTEGER NOT NULL, 
	activity_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	starts_at TIME NOT NULL, 
	ends_at TIME NOT NULL, 
	is_meal BOOLEAN NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_unit PRIMARY KEY (id), 
	CONSTRAINT fk_unit_activity_id_activity FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE, 
	CONSTRAINT uq_unit_activity_id_name UNIQUE (activity_id, name)
);
INSERT INTO "unit" VALUES(1,1,'Matin','07:30:00.000000','11:45:00.000000',0,1);
INSERT INTO "unit" VALUES(2,1,'Repas','12:15:00.000000','13:15:00.000000',1,2);
INSERT INTO "unit" VALUES(3,1,'Après-midi','13:45:00.000000','18:00:00.000000',0,3);
INSERT INTO "unit" VALUES(4,2,'Acc matin','07:00:00.000000','09:00:00.000000',0,1);
INSERT INTO "unit" VALUES(5,2,'Acc soir','16:30:00.000000','19:00:00.000000',0,2);
INSERT INTO "unit" VALUES(6,3,'Journée','09:00:00.000000','17:00:00.000000',0,1);
INSERT INTO "unit" VALUES(7,3,'Veillée','18:30:00.000000','22:00:00.000000',0,2);
CREATE TABLE user_account (
	id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	password_hash VARCHAR, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_user_account PRIMARY KEY (id), 
	CONSTRAINT uq_user_account_email UNIQUE (email)
);
INSERT INTO "user_account" VALUES(1,'agent@example.org','Nadia Lambert','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-09-25 06:30:00.000000');
INSERT INTO "user_account" VALUES(2,'regie@example.org','Philippe Roche','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-09-25 06:30:00.000000');
INSERT INTO "user_account" VALUES(3,'animation@example.org','Sami Benali','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-09-25 06:30:00.000000');
INSERT INTO "user_account" VALUES(4,'admin@example.org','Camille Lenoir','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-09-25 06:30:00.000000');
INSERT INTO "user_account" VALUES(5,'parent@example.org','Fabrice TEST','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:00:00.000000');
INSERT INTO "user_account" VALUES(6,'claire.bernard@example.org','Claire BERNARD','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:01:00.000000');
INSERT INTO "user_account" VALUES(7,'thomas.lefevre@example.org','Thomas LEFÈVRE','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:02:00.000000');
INSERT INTO "user_account" VALUES(8,'julie.moreau@example.org','Julie MOREAU','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:03:00.000000');
INSERT INTO "user_account" VALUES(9,'karim.petit@example.org','Karim PETIT','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:04:00.000000');
INSERT INTO "user_account" VALUES(10,'sandrine.dubois@example.org','Sandrine DUBOIS','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:05:00.000000');
INSERT INTO "user_account" VALUES(11,'mathieu.fontaine@example.org','Mathieu FONTAINE','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:06:00.000000');
INSERT INTO "user_account" VALUES(12,'aicha.garnier@example.org','Aïcha GARNIER','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:07:00.000000');
INSERT INTO "user_account" VALUES(13,'nicolas.roussel@example.org','Nicolas ROUSSEL','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:08:00.000000');
INSERT INTO "user_account" VALUES(14,'elodie.caron@example.org','Élodie CARON','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:09:00.000000');
INSERT INTO "user_account" VALUES(15,'stephane.lemaire@example.org','Stéphane LEMAIRE','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:10:00.000000');
INSERT INTO "user_account" VALUES(16,'ines.delattre@example.org','Inès DELATTRE','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:11:00.000000');
INSERT INTO "user_account" VALUES(17,'paul.mercier@example.org','Paul MERCIER','$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg','2026-10-01 07:12:00.000000');
CREATE TABLE user_session (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	device VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_user_session PRIMARY KEY (id), 
	CONSTRAINT fk_user_session_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_user_session_token_hash UNIQUE (token_hash)
);
CREATE TABLE user_token (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	purpose VARCHAR(40) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_user_token PRIMARY KEY (id), 
	CONSTRAINT fk_user_token_user_id_user_account FOREIGN KEY(user_id) REFERENCES user_account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_user_token_token_hash UNIQUE (token_hash)
);
INSERT INTO "user_token" VALUES(1,'1cd791747c2621f18d7699e2565996c7e39cd74eea17c4664d93c66663c08c2d',5,'activation','2026-10-08 07:00:00.000000','2026-10-01 10:30:00.000000');
INSERT INTO "user_token" VALUES(2,'b917a13c035dd2ecee4bb6999997d58b8b058d98eb1ed101c82cdeed59abc48f',6,'activation','2026-10-08 07:01:00.000000','2026-10-01 10:31:00.000000');
INSERT INTO "user_token" VALUES(3,'d236fb9d54fc4f6f9f7cb14d3158aec0e59fa50d4ecbba0739cdc4c0a5f75feb',7,'activation','2026-10-08 07:02:00.000000','2026-10-01 10:32:00.000000');
INSERT INTO "user_token" VALUES(4,'e6dd0166bad575ea5890908f8168d79f1cd7a2d888d67758568f4cb3dfd7df79',8,'activation','2026-10-08 07:03:00.000000','2026-10-01 10:33:00.000000');
INSERT INTO "user_token" VALUES(5,'3f9a5c917a466afb5fe93e05d2cface8726c03d53dcc1070a6e58ea9b2225754',9,'activation','2026-10-08 07:04:00.000000','2026-10-01 10:34:00.000000');
INSERT INTO "user_token" VALUES(6,'a816c5c8643a8f48d5b78e1e83b7630c877e189d291c7b84cdb3a1b338534ab3',10,'activation','2026-10-08 07:05:00.000000','2026-10-01 10:35:00.000000');
INSERT INTO "user_token" VALUES(7,'720cabc74a14eecd7a7981e09a6c6dfbdf79e0c53a35ce7b50399976dff33937',11,'activation','2026-10-08 07:06:00.000000','2026-10-01 10:36:00.000000');
INSERT INTO "user_token" VALUES(8,'2a82f3f543136b79ec1e2aeabba42dda59ad0b71207b1ac1adc1291a82725088',12,'activation','2026-10-08 07:07:00.000000','2026-10-01 10:37:00.000000');
INSERT INTO "user_token" VALUES(9,'d9a9cff92f48da2e32c56050fc76db7264bdc1c52b7296dfd764212ad228e908',13,'activation','2026-10-08 07:08:00.000000','2026-10-01 10:38:00.000000');
INSERT INTO "user_token" VALUES(10,'6ef5441d2beb80dab97eb47b2dc46d24243e5376a284ee91db8abc2a5b3cc00c',14,'activation','2026-10-08 07:09:00.000000','2026-10-01 10:39:00.000000');
INSERT INTO "user_token" VALUES(11,'c8a262ce262f884d6b445c3cb1a016a2c0b37eaa8093e71c3aa0695cd4d5267b',15,'activation','2026-10-08 07:10:00.000000','2026-10-01 10:40:00.000000');
INSERT INTO "user_token" VALUES(12,'184e6c72212882932095becb2674d50a16b7ffc1257703fd6d4a7607281ce9f0',16,'activation','2026-10-08 07:11:00.000000','2026-10-01 10:41:00.000000');
INSERT INTO "user_token" VALUES(13,'1bd359da856447ef24a0bb1ea620df7731315fde4c04ae44bc749efe705a1e16',17,'activation','2026-10-08 07:12:00.000000','2026-10-01 10:42:00.000000');
CREATE INDEX ix_child_folded_name ON child (folded_name);
CREATE INDEX ix_commune_folded_name ON commune (folded_name);
CREATE INDEX ix_sign_in_failure_subject_hash ON sign_in_failure (subject_hash);
CREATE INDEX ix_commune_postal_code_postal_code ON commune_postal_code (postal_code);
CREATE INDEX ix_family_folded_name ON family (folded_name);
CREATE INDEX ix_family_status ON family (status);
CREATE INDEX ix_save_receipt_saved_at ON save_receipt (saved_at);
CREATE INDEX ix_staff_role_user_id ON staff_role (user_id);
CREATE INDEX ix_user_session_user_id ON user_session (user_id);
CREATE INDEX ix_user_token_user_id ON user_token (user_id);
CREATE INDEX ix_consent_family_id ON consent (family_id);
CREATE INDEX ix_family_child_child_id ON family_child (child_id);
CREATE INDEX ix_guardian_email ON guardian (email);
CREATE INDEX ix_guardian_family_id ON guardian (family_id);
CREATE INDEX ix_guardian_folded_name ON guardian (folded_name);
CREATE INDEX ix_guardian_user_id ON guardian (user_id);
CREATE INDEX ix_outbox_mail_created_at ON outbox_mail (created_at);
CREATE INDEX ix_outbox_mail_family_id ON outbox_mail (family_id);
CREATE INDEX ix_outbox_mail_status ON outbox_mail (status);
CREATE INDEX ix_enrolment_child_id ON enrolment (child_id);
CREATE INDEX ix_enrolment_family_child ON enrolment (family_id, child_id);
CREATE INDEX ix_enrolment_status ON enrolment (status);
CREATE INDEX ix_booking_child_day ON booking (child_id, day);
CREATE INDEX ix_booking_family_day ON booking (family_id, day);
CREATE INDEX ix_booking_opening_id ON booking (opening_id);
CREATE UNIQUE INDEX uq_booking_active ON booking (child_id, opening_id) WHERE status IN ('awaiting_payment', 'confirmed', 'offered', 'requested', 'waiting');
CREATE INDEX ix_booking_event_booking_id ON booking_event (booking_id);
COMMIT;
