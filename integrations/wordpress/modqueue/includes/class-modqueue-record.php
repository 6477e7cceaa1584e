<?php
/**
 * What the plugin remembers beside a comment, as its meta values.
 *
 * @package Modqueue
 */

/**
 * One comment's record.
 */
final class Modqueue_Record {

	const PREFIX = '_modqueue_';

	/**
	 * The name by which the service knows the comment. One that was sent before it was stored had none of its own then;
	 * one that was there before goes by its number, as `modqueue import` calls it: so both bring it once.
	 */
	const KEY = '_modqueue_id';

	/**
	 * The service's latest answer: id, verdict, scores, reasons, model.
	 */
	const ANSWER = '_modqueue_answer';

	/**
	 * Digest of the text that was answered.
	 */
	const DIGEST = '_modqueue_digest';

	/**
	 * What WordPress's own rules had said: 0 or 1.
	 */
	const OWN = '_modqueue_own';

	/**
	 * Exists while the comment has to be sent; the value says how its verdict is to be used.
	 */
	const WAITING = '_modqueue_waiting';

	/**
	 * Why the comment could not be sent, in the service's words.
	 */
	const ERROR = '_modqueue_error';

	/**
	 * The decision in force: outcome, reason, by, at, from.
	 */
	const DECISION = '_modqueue_decision';

	/**
	 * When the latest decision was made, even if it lapsed by an edit since: an older one is not applied.
	 */
	const LATEST = '_modqueue_latest';

	/**
	 * Exists while a moderator's decision has to be sent; the value is the id of its message.
	 */
	const UNSENT = '_modqueue_unsent';

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_action( 'rest_api_init', array( self::class, 'show_name' ) );
	}

	/**
	 * Shows the name to those who may edit comments: `modqueue import` reads it, to know again what was sent.
	 */
	public static function show_name(): void {
		register_rest_field(
			'comment',
			'modqueue_id',
			array(
				'get_callback' => function ( $comment ) {
					return (string) self::get( (int) $comment['id'], self::KEY );
				},
				'schema'       => array(
					'type'     => 'string',
					'context'  => array( 'edit' ),
					'readonly' => true,
				),
			)
		);
	}

	/**
	 * Returns a value of a comment, '' where there is none.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $name       One of the names above.
	 * @return mixed
	 */
	public static function get( int $comment_id, string $name ) {
		return get_comment_meta( $comment_id, $name, true );
	}

	/**
	 * Sets a value of a comment.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $name       One of the names above.
	 * @param mixed  $value      The value.
	 */
	public static function set( int $comment_id, string $name, $value ): void {
		update_comment_meta( $comment_id, $name, wp_slash( $value ) );
	}

	/**
	 * Forgets a value of a comment.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $name       One of the names above.
	 */
	public static function forget( int $comment_id, string $name ): void {
		delete_comment_meta( $comment_id, $name );
	}

	/**
	 * Forgets all of a comment but its name, by which decisions still find it.
	 *
	 * @param int $comment_id The comment.
	 */
	public static function erase( int $comment_id ): void {
		foreach ( array( self::ANSWER, self::DIGEST, self::OWN, self::ERROR, self::DECISION ) as $name ) {
			self::forget( $comment_id, $name );
		}
	}

	/**
	 * Gives a comment the name by which the service knows it.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $key        Its name.
	 */
	public static function name( int $comment_id, string $key ): void {
		self::set( $comment_id, self::KEY, $key );
		// Meta values have no index, meta keys do: this one leads from the name to the comment.
		self::set( $comment_id, self::PREFIX . $key, 1 );
	}

	/**
	 * Returns the comment's name; one that was never sent goes by its number.
	 *
	 * @param int $comment_id The comment.
	 */
	public static function key( int $comment_id ): string {
		$key = (string) self::get( $comment_id, self::KEY );
		if ( '' === $key ) {
			$key = (string) $comment_id;
			self::name( $comment_id, $key );
		}
		return $key;
	}

	/**
	 * Returns the comment that the service calls by this name, 0 where there is none.
	 *
	 * @param string $key Its name.
	 */
	public static function find( string $key ): int {
		$found = wp_is_uuid( $key, 4 ) || ctype_digit( $key ) ? self::having( self::PREFIX . $key, 1 ) : array();
		return (int) reset( $found );
	}

	/**
	 * Returns the comments that have a value, oldest first.
	 *
	 * @param string $name  Name of the value.
	 * @param int    $limit At most so many.
	 * @return int[]
	 */
	public static function having( string $name, int $limit ): array {
		$asked = array(
			'meta_key' => $name, // phpcs:ignore WordPress.DB.SlowDBQuery -- an index leads there.
			'number'   => $limit,
			'orderby'  => 'comment_ID',
			'order'    => 'ASC',
			'status'   => array( 'hold', 'approve', 'spam', 'trash', 'post-trashed' ),
			'type'     => '',
			'fields'   => 'ids',
		);
		return array_map( 'intval', get_comments( $asked ) );
	}

	/**
	 * Counts the comments that have a value.
	 *
	 * @param string $name One of the names above.
	 */
	public static function count( string $name ): int {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress has no function for it; shown on one page.
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(DISTINCT comment_id) FROM $wpdb->commentmeta WHERE meta_key = %s", $name ) );
	}
}
