<?php
/**
 * Compiles every file of the plugin without running any; prints the version of PHP and how many there were.
 *
 * @package Modqueue
 */

error_reporting( E_ALL );
set_error_handler(
	function ( $level, $message, $file, $line ) {
		throw new ErrorException( $message, 0, $level, $file, $line );
	}
);
$files  = new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $argv[1], FilesystemIterator::SKIP_DOTS ) );
$count  = 0;
$failed = 0;
foreach ( $files as $file ) {
	if ( 'php' !== $file->getExtension() ) {
		continue;
	}
	++$count;
	try {
		// All of it is compiled before the first statement is run, which is this.
		eval( 'return; ?>' . file_get_contents( $file->getPathname() ) );
	} catch ( Throwable $error ) {
		++$failed;
		fwrite( STDERR, "{$file->getPathname()}:{$error->getLine()} {$error->getMessage()}\n" );
	}
}
echo json_encode( array( PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, $count ) );
exit( $failed ? 1 : 0 );
