CREATE TABLE price (id bigint PRIMARY KEY, amount numeric(10,2));
