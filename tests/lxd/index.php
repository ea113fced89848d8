<?php
// The lab's site: a token from a file of the webroot, one from the database,
// "none" where that does not answer.
$where = '/etc/adt-snapshots/database.json';
$row = 'none';
if (is_readable($where)) {
	$is = json_decode(file_get_contents($where));
	$database = mysqli_init();
	$database->options(MYSQLI_OPT_CONNECT_TIMEOUT, 3);
	try {
		$database->real_connect($is->DB_HOST, $is->DB_USERNAME,
		    $is->DB_PASSWORD, $is->DB_NAME, (int)$is->DB_PORT);
		$row = $database->query('SELECT token FROM proof')->fetch_row()[0];
	} catch (mysqli_sql_exception) {
	}
}
$page = trim(file_get_contents(__DIR__ . '/token.txt'));
echo "<html><body>page $page row $row on ", gethostname(), "</body></html>\n";
