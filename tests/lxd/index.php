<?php
// The lab's site: a token from a file of the webroot, one from the database.
$where = '/etc/adt-snapshots/database.json';
$row = 'none';
if (is_readable($where)) {
	$is = json_decode(file_get_contents($where));
	$database = new mysqli($is->DB_HOST, $is->DB_USERNAME,
	    $is->DB_PASSWORD, $is->DB_NAME, (int)$is->DB_PORT);
	$row = $database->query('SELECT token FROM proof')->fetch_row()[0];
}
$page = trim(file_get_contents(__DIR__ . '/token.txt'));
echo "<html><body>page $page row $row on ", gethostname(), "</body></html>\n";
