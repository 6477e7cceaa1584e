<?php
/**
 * What of the plugin needs no WordPress, tested by php alone; prints what it signed, for the service to verify.
 *
 * @package Modqueue
 */

// Said by the tests that run this file: the secret of a site.
$secret = $argv[1];
$plugin = __DIR__ . '/../../integrations/wordpress/modqueue';

/**
 * Stands in for WordPress's own.
 *
 * @param mixed $value Anything.
 */
function wp_json_encode( $value ) {
	return json_encode( $value );
}

/**
 * Stands in for WordPress's own.
 *
 * @param string $text A text.
 */
function __( $text ) {
	return $text;
}

require "$plugin/includes/class-modqueue-signature.php";
require "$plugin/includes/class-modqueue-message.php";
require "$plugin/admin/class-modqueue-words.php";

$failed = 0;

/**
 * Counts and names what is not as it should be.
 *
 * @param string $name What is looked at.
 * @param bool   $holds Whether it holds.
 */
function it( string $name, bool $holds ): void {
	global $failed;
	if ( ! $holds ) {
		++$failed;
		fwrite( STDERR, "it does not $name\n" );
	}
}

$now     = 1800000000;
$headers = Modqueue_Signature::headers( $secret, 'wp-1', 'body', $now );
$valid   = function ( array $change = array() ) use ( $secret, $headers, $now ): bool {
	$given = $change + array( 'secret' => $secret, 'id' => 'wp-1', 'at' => (string) $now, 'signature' => $headers['webhook-signature'], 'body' => 'body', 'now' => $now );
	return Modqueue_Signature::is_valid( $given['secret'], $given['id'], $given['at'], $given['signature'], $given['body'], $given['now'] );
};
it( 'verify what it signed', $valid() );
it( 'find a signature among others, while a secret is rotated', $valid( array( 'signature' => "v1,AAAA {$headers['webhook-signature']} v1a,x" ) ) );
it( 'take a clock that is five minutes off', $valid( array( 'now' => $now + 300 ) ) );
$wrong = array(
	'body'      => 'another',
	'id'        => 'wp-2',
	'at'        => (string) ( $now + 1 ),
	'now'       => $now + 301,
	'signature' => '',
	'secret'    => 'whsec_' . base64_encode( str_repeat( 'x', 32 ) ),
);
foreach ( $wrong as $name => $value ) {
	it( "refuse another $name", ! $valid( array( $name => $value ) ) );
}
it( 'refuse a time that is no number', ! $valid( array( 'at' => '1e9' ) ) );
// Nobody may sign with the key that a missing secret would be.
$empty = 'v1,' . base64_encode( hash_hmac( 'sha256', "wp-1.$now.body", '', true ) );
it( 'refuse everything without a secret', ! $valid( array( 'secret' => '', 'signature' => $empty ) ) );
it( 'refuse everything with half a secret', ! $valid( array( 'secret' => 'whsec_', 'signature' => $empty ) ) );

$fields = array( 'comment_ID' => 'k', 'comment_content' => 'a', 'comment_author' => 'b', 'comment_author_url' => 'c' );
$digest = Modqueue_Message::digest( $fields );
foreach ( array( 'comment_content', 'comment_author', 'comment_author_url' ) as $name ) {
	it( "see a change of $name", Modqueue_Message::digest( array( $name => 'z' ) + $fields ) !== $digest );
}
it( 'name the same message alike', Modqueue_Message::id( $fields ) === Modqueue_Message::id( $fields ) );
it( 'name another message otherwise', Modqueue_Message::id( array( 'comment_agent' => 'x' ) + $fields ) !== Modqueue_Message::id( $fields ) );
it( 'say a reason that it does not know as it is', 'rule:new' === Modqueue_Words::reason( 'rule:new' ) );
it( 'say a score', 'score for hateful' === Modqueue_Words::reason( 'score:hateful' ) );

echo json_encode( $headers );
exit( $failed ? 1 : 0 );
