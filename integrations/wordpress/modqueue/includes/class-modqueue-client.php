<?php
/**
 * Speaks to the service.
 *
 * @package Modqueue
 */

/**
 * Posts signed messages and tells what became of them.
 */
final class Modqueue_Client {

	/**
	 * While this transient lives, commenters do not wait for a service that was away a moment ago.
	 */
	const AWAY       = 'modqueue_away';
	const AWAY_FOR   = 30;
	const AWAY_LIMIT = 300;

	/**
	 * Tells whether the service was away a moment ago.
	 */
	public static function was_away(): bool {
		return (bool) get_transient( self::AWAY );
	}

	/**
	 * Posts a message; returns the answer, or an error whose code is `away` (try again) or `refused` (it would not help).
	 *
	 * @param string               $path    Such as `comments`.
	 * @param string               $id      Id of the message: the same one and the same message count once.
	 * @param array<string, mixed> $message The message.
	 * @param float                $timeout Seconds to wait at most; 0 for those of the settings.
	 * @return array<string, mixed>|WP_Error
	 */
	public static function post( string $path, string $id, array $message, float $timeout = 0 ) {
		$response = self::request( $path, $id, $message, $timeout );
		if ( is_wp_error( $response ) ) {
			set_transient( self::AWAY, 1, self::AWAY_FOR );
			$why = array(
				'status'  => 0,
				'blocked' => 'http_request_not_executed' === $response->get_error_code(),
			);
			return new WP_Error( 'away', $response->get_error_message(), $why );
		}
		$status = (int) wp_remote_retrieve_response_code( $response );
		$answer = json_decode( wp_remote_retrieve_body( $response ), true );
		$answer = is_array( $answer ) ? $answer : array();
		if ( 200 === $status && $answer ) {
			return $answer;
		}
		return self::failure( $status, $answer, (int) wp_remote_retrieve_header( $response, 'retry-after' ) );
	}

	/**
	 * Sends one request.
	 *
	 * @param string               $path    Such as `comments`.
	 * @param string               $id      Id of the message.
	 * @param array<string, mixed> $message The message.
	 * @param float                $timeout Seconds to wait at most; 0 for those of the settings.
	 * @return array<string, mixed>|WP_Error
	 */
	private static function request( string $path, string $id, array $message, float $timeout ) {
		$settings = Modqueue_Settings::all();
		$body     = (string) wp_json_encode( $message );
		$headers  = array(
			'Content-Type'    => 'application/json',
			'X-Modqueue-Site' => $settings['site'],
		);
		return wp_remote_post(
			$settings['address'] . '/webhooks/' . $path,
			array(
				'timeout'     => $timeout ? $timeout : $settings['timeout'],
				'redirection' => 0,
				'user-agent'  => 'Modqueue for WordPress',
				'body'        => $body,
				'headers'     => $headers + Modqueue_Signature::headers( $settings['secret'], $id, $body, time() ),
			)
		);
	}

	/**
	 * Tells a message that will never be taken from one to send again.
	 *
	 * @param int                  $status      The HTTP status.
	 * @param array<string, mixed> $answer      What the service said.
	 * @param int                  $retry_after Seconds, where it named some.
	 */
	private static function failure( int $status, array $answer, int $retry_after ): WP_Error {
		$message = is_string( $answer['error'] ?? null ) ? $answer['error'] : "HTTP $status";
		// Only the service itself, in its own words, can refuse a message for good; a proxy cannot.
		$refused = in_array( $status, array( 413, 422 ), true ) && isset( $answer['error'] );
		if ( 429 === $status || $status >= 500 ) {
			set_transient( self::AWAY, 1, min( self::AWAY_LIMIT, max( 1, $retry_after ) ) );
		}
		return new WP_Error( $refused ? 'refused' : 'away', $message, array( 'status' => $status ) );
	}
}
