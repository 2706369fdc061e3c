CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, now TEXT, felt VARCHAR(9), paid DECIMAL(8,2), due REAL, mail TEXT, seen DATETIME,
    took TEXT, brief TEXT, host TEXT, net TEXT, card TEXT
);
INSERT INTO kinds VALUES
    (1, 'ok', 'ok', 12.5, 0.1, 'a@b', '2024-01-02 03:04:05.678Z', '1 year 2 mons -3 days +04:05:06.789', '00:00:01', '192.0.2.7', '10.0.0.0/8', '08:00:2b:01:02:03'),
    (2, 'Grüße', 'Grüße', 0, 999999.99, 'é@ü', '2024-01-02 03:04:05', 'P1Y2M3DT4H5M6.789S', 'PT0S', '192.0.2.7/24', '2001:db8::/32', '08:00:2B:01:02:04'),
    (3, 'a ''quoted'' one', NULL, NULL, 5.0, NULL, '2024-07-02', '-00:00:00.000001', '3 days', '::ffff:192.0.2.7', '0.0.0.0/0', 'ff:ff:ff:ff:ff:ff'),
    (4, '', '', 999999, 0.0, '@', NULL, NULL, NULL, '2001:db8::1', NULL, NULL);
