<?php
/**
 * What the owner of the blog has set.
 *
 * @package Modqueue
 */

/**
 * The settings, in one option.
 */
final class Modqueue_Settings {

	const OPTION = 'modqueue';

	/**
	 * Returns the settings, with defaults for what was never set.
	 *
	 * @return array{address: string, site: string, secret: string, timeout: float, rejected: string, skip_editors: bool, publish: bool}
	 */
	public static function all(): array {
		$defaults = array(
			'address'      => '',
			'site'         => '',
			'secret'       => '',
			'timeout'      => 2.0,
			'rejected'     => 'spam',
			'skip_editors' => true,
			'publish'      => false,
		);
		return array_merge( $defaults, (array) get_option( self::OPTION, array() ) );
	}

	/**
	 * Returns one setting.
	 *
	 * @param string $name Its name.
	 * @return mixed
	 */
	public static function get( string $name ) {
		return self::all()[ $name ];
	}

	/**
	 * Tells whether the plugin knows its service.
	 */
	public static function is_complete(): bool {
		$all = self::all();
		return '' !== $all['address'] && '' !== $all['site'] && '' !== $all['secret'];
	}

	/**
	 * Makes what came from the form fit to be stored.
	 *
	 * @param mixed $raw The form's fields.
	 * @return array<string, mixed>
	 */
	public static function clean( $raw ): array {
		$raw     = is_array( $raw ) ? $raw : array();
		$secret  = trim( (string) ( $raw['secret'] ?? '' ) );
		$timeout = (float) ( $raw['timeout'] ?? 2 );
		return array(
			'address'      => untrailingslashit( esc_url_raw( trim( (string) ( $raw['address'] ?? '' ) ), array( 'http', 'https' ) ) ),
			'site'         => sanitize_text_field( (string) ( $raw['site'] ?? '' ) ),
			// The page never shows the secret: an empty field leaves it as it is.
			'secret'       => '' === $secret ? (string) self::get( 'secret' ) : $secret,
			'timeout'      => min( 10.0, max( 0.5, $timeout ) ),
			'rejected'     => 'trash' === ( $raw['rejected'] ?? '' ) ? 'trash' : 'spam',
			'skip_editors' => ! empty( $raw['skip_editors'] ),
			'publish'      => ! empty( $raw['publish'] ),
		);
	}
}
