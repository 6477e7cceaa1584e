<?php
/**
 * Says in plain words whether the connection works, and if not, what to do.
 *
 * @package Modqueue
 */

/**
 * Tests the connection.
 */
final class Modqueue_Connection {

	/**
	 * Seconds that a test may take to come back.
	 */
	const PATIENCE = 8;

	/**
	 * Returns what is wrong, one finding a line; none where all is well.
	 *
	 * @return string[]
	 */
	public static function findings(): array {
		$settings = Modqueue_Settings::all();
		if ( ! Modqueue_Settings::is_complete() ) {
			return array( __( 'Address, site ID and secret are needed: “modqueue site add” prints the last two.', 'modqueue' ) );
		}
		if ( ! Modqueue_Signature::is_secret( $settings['secret'] ) ) {
			return array( __( 'The secret is not complete: it begins with whsec_ and goes on with 44 letters, digits and signs.', 'modqueue' ) );
		}
		$answer = Modqueue_Client::post( 'ping', 'wp-' . wp_generate_uuid4(), array( 'type' => 'ping' ) );
		if ( is_wp_error( $answer ) ) {
			return array( self::explain( $answer, $settings['address'] ) );
		}
		delete_transient( Modqueue_Client::AWAY );
		return array_filter( array( self::callback( $answer ), self::own_rules() ) );
	}

	/**
	 * Explains why the service did not answer as it should.
	 *
	 * @param WP_Error $error   What went wrong.
	 * @param string   $address Where the service was looked for.
	 */
	private static function explain( WP_Error $error, string $address ): string {
		$said   = $error->get_error_message();
		$status = $error->get_error_data()['status'];
		if ( ! empty( $error->get_error_data()['blocked'] ) ) {
			return __( 'This WordPress may not speak to other servers (WP_HTTP_BLOCK_EXTERNAL): add the host of the service to WP_ACCESSIBLE_HOSTS in wp-config.php.', 'modqueue' );
		}
		if ( 0 === $status ) {
			return self::unreachable( $said, $address );
		}
		if ( 401 === $status && false !== strpos( $said, 'timestamp' ) ) {
			return __( 'The clocks of this server and of the service differ by more than five minutes: set them right.', 'modqueue' );
		}
		if ( 401 === $status ) {
			return __( 'The service does not know this site ID with this secret: compare both with what “modqueue site add” printed, or make a new secret with “modqueue site rotate”.', 'modqueue' );
		}
		if ( $status >= 300 && $status < 400 ) {
			return __( 'The address leads on to another one: enter the final one, often with https:// in place of http://.', 'modqueue' );
		}
		if ( in_array( $status, array( 200, 404, 405 ), true ) ) {
			/* translators: %s: a web address. */
			return sprintf( __( 'Something answers at %s, but it is not Modqueue: is there a path missing, or one too many?', 'modqueue' ), $address );
		}
		/* translators: 1: HTTP status; 2: the service's own words. */
		return sprintf( __( 'The service answered with HTTP %1$d: %2$s', 'modqueue' ), $status, $said );
	}

	/**
	 * Explains why there was no answer.
	 *
	 * @param string $said    The words of the HTTP library.
	 * @param string $address Where the service was looked for.
	 */
	private static function unreachable( string $said, string $address ): string {
		if ( false !== stripos( $said, 'resolve' ) ) {
			/* translators: 1: a web address; 2: technical words. */
			return sprintf( __( 'There is no server with the name in %1$s: is it spelt right? (%2$s)', 'modqueue' ), $address, $said );
		}
		if ( false !== stripos( $said, 'ssl' ) || false !== stripos( $said, 'certificate' ) ) {
			/* translators: 1: a web address; 2: technical words. */
			return sprintf( __( 'The certificate of %1$s is not in order, or it speaks no TLS. (%2$s)', 'modqueue' ), $address, $said );
		}
		if ( false !== stripos( $said, 'timed out' ) ) {
			/* translators: 1: a web address; 2: technical words. */
			return sprintf( __( '%1$s did not answer in time: is a firewall between, or the time-out too short? (%2$s)', 'modqueue' ), $address, $said );
		}
		/* translators: 1: a web address; 2: technical words. */
		return sprintf( __( 'Nothing answers at %1$s: does “modqueue serve” run there, and may this server reach it? (%2$s)', 'modqueue' ), $address, $said );
	}

	/**
	 * Tells whether decisions find their way back.
	 *
	 * @param array<string, mixed> $answer What the service knows of this site.
	 */
	private static function callback( array $answer ): string {
		$here = Modqueue_Callback::address();
		if ( ( $answer['callback_url'] ?? '' ) !== $here ) {
			/* translators: %s: a command line. */
			return sprintf( __( 'The service knows this site, but does not report decisions to it. On its machine run: %s', 'modqueue' ), "modqueue site callback {$answer['site']} '$here'" );
		}
		if ( ! empty( $answer['callback_disabled'] ) ) {
			/* translators: 1: why; 2: a command line. */
			return sprintf( __( 'The service has stopped reporting decisions to this site (%1$s). On its machine run: %2$s', 'modqueue' ), $answer['callback_disabled'], "modqueue site callback {$answer['site']}" );
		}
		if ( ! self::is_heard( (string) ( $answer['test'] ?? '' ) ) ) {
			/* translators: 1: a number of seconds; 2: a command line. */
			return sprintf( __( 'This site reaches the service, but a test that the service sent back did not arrive within %1$d seconds. On the machine of the service, %2$s says why.', 'modqueue' ), self::PATIENCE, 'modqueue delivery list' );
		}
		return '';
	}

	/**
	 * Waits for the test that the service sends where it reports decisions.
	 *
	 * @param string $test The id of the test.
	 */
	private static function is_heard( string $test ): bool {
		global $wpdb;
		$until = microtime( true ) + self::PATIENCE;
		do {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- another request writes it, past this one's cache.
			$heard = (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", Modqueue_Callback::HEARD ) );
			if ( $heard === $test ) {
				return true;
			}
			usleep( 100000 );
		} while ( microtime( true ) < $until );
		return false;
	}

	/**
	 * Tells whether WordPress's own rules keep comments back that the service approves.
	 */
	private static function own_rules(): string {
		$holds = get_option( 'comment_moderation' ) || get_option( 'comment_previously_approved' );
		if ( ! $holds || Modqueue_Settings::get( 'publish' ) ) {
			return '';
		}
		return __( 'The connection works. But WordPress itself holds comments that Modqueue approves, by its rules under Settings → Discussion: change them there, or tick “Publish what Modqueue approves” below.', 'modqueue' );
	}
}
