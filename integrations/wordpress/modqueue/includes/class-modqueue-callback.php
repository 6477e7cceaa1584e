<?php
/**
 * Where the service tells this blog what was decided.
 *
 * @package Modqueue
 */

/**
 * The REST route `modqueue/v1/decisions`.
 */
final class Modqueue_Callback {

	/**
	 * A decision on a comment that is not there yet is refused for so many seconds: it may be just being stored.
	 */
	const PATIENCE = 300;

	/**
	 * Option that holds the id of the latest test that arrived.
	 */
	const HEARD = 'modqueue_heard';

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_action( 'rest_api_init', array( self::class, 'register' ) );
	}

	/**
	 * Returns the address to register with the service.
	 */
	public static function address(): string {
		return rest_url( 'modqueue/v1/decisions' );
	}

	/**
	 * Registers the route.
	 */
	public static function register(): void {
		register_rest_route(
			'modqueue/v1',
			'/decisions',
			array(
				'methods'             => 'POST',
				'callback'            => array( self::class, 'receive' ),
				'permission_callback' => array( self::class, 'check' ),
			)
		);
	}

	/**
	 * Lets in only what the service signed.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return true|WP_Error
	 */
	public static function check( WP_REST_Request $request ) {
		$valid = Modqueue_Signature::is_valid(
			(string) Modqueue_Settings::get( 'secret' ),
			(string) $request->get_header( 'webhook-id' ),
			(string) $request->get_header( 'webhook-timestamp' ),
			(string) $request->get_header( 'webhook-signature' ),
			$request->get_body(),
			time()
		);
		return $valid ? true : new WP_Error( 'modqueue_signature', __( 'The signature is wrong or too old.', 'modqueue' ), array( 'status' => 401 ) );
	}

	/**
	 * Applies a decision once; a repeated or overtaken one is confirmed and changes nothing.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function receive( WP_REST_Request $request ) {
		$message = json_decode( $request->get_body(), true );
		if ( 'test' === ( $message['type'] ?? '' ) ) {
			update_option( self::HEARD, (string) $request->get_header( 'webhook-id' ), false );
			return new WP_REST_Response( array( 'applied' => false ) );
		}
		$data = self::read( is_array( $message ) ? $message : array() );
		if ( is_wp_error( $data ) ) {
			return $data;
		}
		$comment_id = Modqueue_Record::find( $data['comment_ID'] );
		if ( ! $comment_id && time() - (int) strtotime( $data['decided_at'] ) < self::PATIENCE ) {
			return new WP_Error( 'modqueue_unknown', __( 'There is no such comment yet.', 'modqueue' ), array( 'status' => 503 ) );
		}
		$applied = $comment_id ? self::apply_once( $comment_id, $data ) : false;
		return is_wp_error( $applied ) ? $applied : new WP_REST_Response( array( 'applied' => $applied ) );
	}

	/**
	 * Applies a decision, one at a time for each comment.
	 *
	 * @param int                        $comment_id The comment.
	 * @param array<string, string|null> $data       The decision.
	 * @return bool|WP_Error
	 */
	private static function apply_once( int $comment_id, array $data ) {
		global $wpdb;
		$lock = 'modqueue_' . md5( $wpdb->prefix . $comment_id );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a lock.
		if ( '1' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 5)', $lock ) ) ) {
			return new WP_Error( 'modqueue_busy', __( 'The comment is busy.', 'modqueue' ), array( 'status' => 503 ) );
		}
		try {
			wp_cache_delete( $comment_id, 'comment_meta' );
			clean_comment_cache( $comment_id );
			return self::apply( $comment_id, $data );
		} finally {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the lock.
			$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
		}
	}

	/**
	 * Applies a decision that is newer than what is in force.
	 *
	 * @param int                        $comment_id The comment.
	 * @param array<string, string|null> $data       The decision.
	 * @return bool|WP_Error
	 */
	private static function apply( int $comment_id, array $data ) {
		$latest = (string) Modqueue_Record::get( $comment_id, Modqueue_Record::LATEST );
		$edited = in_array( Modqueue_Record::get( $comment_id, Modqueue_Record::WAITING ), array( 'author', 'moderator' ), true );
		if ( $edited || $latest >= $data['decided_at'] ) {
			return false;
		}
		if ( ! Modqueue_Verdict::set( $comment_id, self::status( $comment_id, $data ) ) ) {
			return new WP_Error( 'modqueue_database', __( 'The status could not be changed.', 'modqueue' ), array( 'status' => 500 ) );
		}
		$decision = array(
			'outcome' => $data['outcome'],
			'reason'  => $data['reason'],
			'by'      => $data['decided_by'],
			'at'      => $data['decided_at'],
			'from'    => 'desk',
		);
		Modqueue_Record::set( $comment_id, Modqueue_Record::DECISION, $decision );
		Modqueue_Record::set( $comment_id, Modqueue_Record::LATEST, $data['decided_at'] );
		Modqueue_Record::forget( $comment_id, Modqueue_Record::UNSENT );
		return true;
	}

	/**
	 * Returns the status that a decision asks for.
	 *
	 * @param int                        $comment_id The comment.
	 * @param array<string, string|null> $data       The decision.
	 * @return int|string
	 */
	private static function status( int $comment_id, array $data ) {
		// The service itself speaks where it had failed to score at first: that is a verdict, and WordPress's rules hold.
		$own = 'modqueue' === $data['decided_by'] ? (int) Modqueue_Record::get( $comment_id, Modqueue_Record::OWN ) : 1;
		return Modqueue_Gate::status( (string) $data['outcome'], $own );
	}

	/**
	 * Reads a message; anything that is not a decision is refused with the name of what is wrong.
	 *
	 * @param array<string, mixed> $message The message.
	 * @return array<string, string|null>|WP_Error
	 */
	private static function read( array $message ) {
		$data  = is_array( $message['data'] ?? null ) ? $message['data'] : array();
		$wrong = array_filter(
			array(
				'type'            => 'comment.decided' !== ( $message['type'] ?? '' ),
				'data.comment_ID' => ! is_string( $data['comment_ID'] ?? null ),
				'data.outcome'    => ! in_array( $data['outcome'] ?? '', array( 'approve', 'reject', 'hold' ), true ),
				'data.decided_at' => ! is_string( $data['decided_at'] ?? null ) || ! strtotime( $data['decided_at'] ),
				'data.decided_by' => ! is_string( $data['decided_by'] ?? null ),
				'data.reason'     => ! is_string( $data['reason'] ?? '' ),
			)
		);
		if ( $wrong ) {
			return new WP_Error( 'modqueue_message', implode( ', ', array_keys( $wrong ) ), array( 'status' => 422 ) );
		}
		return $data + array( 'reason' => null );
	}
}
