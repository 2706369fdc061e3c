CREATE TYPE mood AS ENUM ('sad', 'ok', 'Grüße', 'a ''quoted'' one', '');
CREATE DOMAIN feeling AS mood CHECK (VALUE <> 'sad');
CREATE DOMAIN amount AS numeric(8,2) DEFAULT 0 CHECK (VALUE >= 0);
CREATE DOMAIN sure_amount AS amount NOT NULL;
CREATE DOMAIN email AS varchar(20) COLLATE "C" CHECK (VALUE LIKE '%@%');
CREATE DOMAIN moment AS timestamp(3) with time zone;
CREATE DOMAIN lists AS int[];
CREATE TABLE kinds (
    id int PRIMARY KEY, now mood NOT NULL, felt feeling, paid amount, due sure_amount, mail email, seen moment,
    took interval, brief interval(0), host inet, net cidr, card macaddr, unused lists
);
