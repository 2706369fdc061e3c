-- What no narrower column holds is widened, and every value arrives.
CREATE TABLE four (a INTEGER);
INSERT INTO four VALUES (1), ('N/A'), (2.5);
CREATE TABLE five (a);
INSERT INTO five VALUES (1), ('1');
CREATE TABLE seven (a);
INSERT INTO seven VALUES (-0.0), (1);
CREATE TABLE eight (a TEXT);
INSERT INTO eight VALUES ('x'), (x'00ff'), (NULL);
