CREATE TABLE a_b (x bigint); CREATE TABLE c (y_z bigint);
