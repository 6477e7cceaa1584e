<?php
/**
 * Standard Webhooks signatures, in and out. Needs nothing of WordPress.
 *
 * @package Modqueue
 */

// phpcs:disable WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode, WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- the format of secrets and signatures.

/**
 * Signs and verifies messages with the site's secret.
 */
final class Modqueue_Signature {

	const PREFIX    = 'whsec_';
	const TOLERANCE = 300;

	/**
	 * Returns the three headers of a signed message.
	 *
	 * @param string $secret The site's secret.
	 * @param string $id     Id of the message.
	 * @param string $body   Its body.
	 * @param int    $now    Seconds since 1970.
	 * @return array<string, string>
	 */
	public static function headers( string $secret, string $id, string $body, int $now ): array {
		return array(
			'webhook-id'        => $id,
			'webhook-timestamp' => (string) $now,
			'webhook-signature' => self::sign( $secret, $id, $now, $body ),
		);
	}

	/**
	 * Tells whether a message was signed with the secret within the last five minutes.
	 *
	 * @param string $secret    The site's secret.
	 * @param string $id        Header `webhook-id`.
	 * @param string $timestamp Header `webhook-timestamp`.
	 * @param string $offered   Header `webhook-signature`: one or more, with spaces between.
	 * @param string $body      The raw body.
	 * @param int    $now       Seconds since 1970.
	 */
	public static function is_valid( string $secret, string $id, string $timestamp, string $offered, string $body, int $now ): bool {
		if ( ! self::is_secret( $secret ) || '' === $id || ! preg_match( '/\A[0-9]{1,12}\z/', $timestamp ) ) {
			return false;
		}
		if ( abs( (int) $timestamp - $now ) > self::TOLERANCE ) {
			return false;
		}
		$expected = self::sign( $secret, $id, (int) $timestamp, $body );
		$found    = false;
		foreach ( array_slice( explode( ' ', $offered ), 0, 10 ) as $signature ) {
			$found = hash_equals( $expected, $signature ) || $found;
		}
		return $found;
	}

	/**
	 * Tells whether a text has the form of a secret.
	 *
	 * @param string $secret What somebody typed.
	 */
	public static function is_secret( string $secret ): bool {
		return strlen( self::key( $secret ) ) >= 24;
	}

	/**
	 * Signs a message.
	 *
	 * @param string $secret    The site's secret.
	 * @param string $id        Id of the message.
	 * @param int    $timestamp Seconds since 1970.
	 * @param string $body      Its body.
	 */
	private static function sign( string $secret, string $id, int $timestamp, string $body ): string {
		return 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$timestamp.$body", self::key( $secret ), true ) );
	}

	/**
	 * Returns the bytes of a secret; none where it has not its form.
	 *
	 * @param string $secret `whsec_` and base64.
	 */
	private static function key( string $secret ): string {
		if ( 0 !== strpos( $secret, self::PREFIX ) ) {
			return '';
		}
		return (string) base64_decode( substr( $secret, strlen( self::PREFIX ) ), true );
	}
}
