<?php
/**
 * Tells the service what moderators decide in WordPress.
 *
 * @package Modqueue
 */

/**
 * Sends moderators' own changes as decisions, at the end of the request or by cron.
 */
final class Modqueue_Moderators {

	/**
	 * Messages about comments that were deleted before they could be sent.
	 */
	const DELETED = 'modqueue_deleted';

	/**
	 * So many are sent at once; cron sends the others.
	 */
	const BATCH = 100;

	/**
	 * Messages about the comments that this request deleted.
	 *
	 * @var array<string, array<string, mixed>>
	 */
	private static $deleted = array();

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_action( 'transition_comment_status', array( self::class, 'changed' ), 10, 3 );
		add_action( 'delete_comment', array( self::class, 'deleted' ), 10, 2 );
	}

	/**
	 * Takes a moderator's change down.
	 *
	 * @param string     $after   The new status.
	 * @param string     $before  The old one.
	 * @param WP_Comment $comment The comment.
	 */
	public static function changed( $after, $before, $comment ): void {
		$by = self::moderator( $comment );
		if ( $after !== $before && '' !== $by && ! Modqueue_Verdict::is_at_work() ) {
			self::decide( (int) $comment->comment_ID, (string) $after, $by );
		}
	}

	/**
	 * Tells the service that a moderator's status stays, although the comment was edited.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $status     Its status.
	 */
	public static function confirm( int $comment_id, string $status ): void {
		$decision = Modqueue_Record::get( $comment_id, Modqueue_Record::DECISION );
		$by       = is_array( $decision ) ? (string) $decision['by'] : self::moderator( get_comment( $comment_id ) );
		if ( 'unapproved' !== $status ) {
			self::decide( $comment_id, $status, '' === $by ? 'editor' : $by );
		}
	}

	/**
	 * Takes down that a comment was deleted for good, where the service may still wait for a decision on it.
	 *
	 * @param int        $comment_id The comment.
	 * @param WP_Comment $comment    The comment.
	 */
	public static function deleted( $comment_id, $comment ): void {
		$key     = (string) Modqueue_Record::get( (int) $comment_id, Modqueue_Record::KEY );
		$by      = self::moderator( $comment );
		$settled = in_array( wp_get_comment_status( $comment ), array( 'spam', 'trash' ), true );
		$unsent  = (string) Modqueue_Record::get( (int) $comment_id, Modqueue_Record::UNSENT );
		if ( '' === $key || ( '' === $unsent && ( $settled || '' === $by ) ) ) {
			return;
		}
		$decision = '' === $unsent ? self::decision( 'trash', $by ) : Modqueue_Record::get( (int) $comment_id, Modqueue_Record::DECISION );

		self::$deleted[ 'wp-' . wp_generate_uuid4() ] = self::message( $key, $decision );
		self::send_soon();
	}

	/**
	 * Sends every decision that waits, until the service is away.
	 */
	public static function send_all(): void {
		self::keep_deleted();
		// At the end of a request nobody shall wait for a service that was away a moment ago; cron may.
		if ( ( Modqueue_Client::was_away() && ! wp_doing_cron() ) || ! self::send_deleted() ) {
			return;
		}
		foreach ( Modqueue_Record::having( Modqueue_Record::UNSENT, self::BATCH ) as $comment_id ) {
			if ( ! self::send( $comment_id ) ) {
				return;
			}
		}
	}

	/**
	 * Writes a decision down and sends it when the page is made.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $status     Its status.
	 * @param string $by         Who decided.
	 */
	private static function decide( int $comment_id, string $status, string $by ): void {
		if ( '' === (string) Modqueue_Record::get( $comment_id, Modqueue_Record::KEY ) ) {
			return;
		}
		$decision = self::decision( $status, $by );
		Modqueue_Record::set( $comment_id, Modqueue_Record::DECISION, $decision );
		Modqueue_Record::set( $comment_id, Modqueue_Record::LATEST, $decision['at'] );
		Modqueue_Record::set( $comment_id, Modqueue_Record::UNSENT, 'wp-' . wp_generate_uuid4() );
		self::send_soon();
	}

	/**
	 * Sends when the page is made.
	 */
	private static function send_soon(): void {
		if ( ! has_action( 'shutdown', array( self::class, 'send_all' ) ) ) {
			add_action( 'shutdown', array( self::class, 'send_all' ) );
		}
	}

	/**
	 * Sends the decision on one comment; returns false where the service is the matter.
	 *
	 * @param int $comment_id The comment.
	 */
	private static function send( int $comment_id ): bool {
		if ( '' !== Modqueue_Record::get( $comment_id, Modqueue_Record::WAITING ) ) {
			// The comment itself comes first.
			return true;
		}
		$id     = (string) Modqueue_Record::get( $comment_id, Modqueue_Record::UNSENT );
		$key    = Modqueue_Record::key( $comment_id );
		$answer = Modqueue_Client::post( 'decisions', $id, self::message( $key, Modqueue_Record::get( $comment_id, Modqueue_Record::DECISION ) ) );
		$status = is_wp_error( $answer ) ? $answer->get_error_data()['status'] : 200;
		if ( 404 === $status ) {
			Modqueue_Record::set( $comment_id, Modqueue_Record::WAITING, 'moderator' );
		} elseif ( ( 200 === $status || 422 === $status ) && delete_comment_meta( $comment_id, Modqueue_Record::UNSENT, $id ) ) {
			// No newer decision has come meanwhile. From now on the service's clock counts, by which its own are dated.
			Modqueue_Record::set( $comment_id, Modqueue_Record::LATEST, is_wp_error( $answer ) ? self::now() : (string) $answer['at'] );
		}
		return in_array( $status, array( 200, 404, 409, 422 ), true );
	}

	/**
	 * Stores what is to be said of the comments that this request deleted: a whole post's, perhaps.
	 */
	private static function keep_deleted(): void {
		if ( self::$deleted ) {
			update_option( self::DELETED, self::$deleted + (array) get_option( self::DELETED, array() ), false );
			self::$deleted = array();
		}
	}

	/**
	 * Sends some of what is to be said of deleted comments; returns false where the service is the matter.
	 */
	private static function send_deleted(): bool {
		$waiting = (array) get_option( self::DELETED, array() );
		$answer  = null;
		foreach ( array_slice( $waiting, 0, self::BATCH, true ) as $id => $message ) {
			$answer = Modqueue_Client::post( 'decisions', $id, $message );
			if ( is_wp_error( $answer ) && ! in_array( $answer->get_error_data()['status'], array( 404, 422 ), true ) ) {
				break;
			}
			unset( $waiting[ $id ] );
			$answer = null;
		}
		if ( count( (array) get_option( self::DELETED, array() ) ) !== count( $waiting ) ) {
			update_option( self::DELETED, $waiting, false );
		}
		return ! is_wp_error( $answer );
	}

	/**
	 * Says a status in the service's words.
	 *
	 * @param string $status The status in WordPress.
	 * @param string $by     Who decided.
	 * @return array<string, string|null>
	 */
	private static function decision( string $status, string $by ): array {
		$outcomes = array(
			'approved' => 'approve',
			'spam'     => 'reject',
			'trash'    => 'reject',
		);
		$reasons  = array(
			'spam'  => 'spam',
			'trash' => 'other',
		);
		return array(
			'outcome' => $outcomes[ $status ] ?? 'hold',
			'reason'  => $reasons[ $status ] ?? null,
			'by'      => $by,
			'at'      => self::now(),
			'from'    => 'wordpress',
		);
	}

	/**
	 * Makes the message of a decision.
	 *
	 * @param string                     $key      The name of the comment.
	 * @param array<string, string|null> $decision The decision.
	 * @return array<string, mixed>
	 */
	private static function message( string $key, array $decision ): array {
		return array(
			'type'      => 'comment.moderated',
			'timestamp' => $decision['at'],
			'data'      => array(
				'comment_ID' => $key,
				'outcome'    => $decision['outcome'],
				'reason'     => $decision['reason'],
				'decided_by' => $decision['by'],
			),
		);
	}

	/**
	 * Returns who of those that may moderate this comment is at work, '' where it is a program.
	 *
	 * @param WP_Comment|null $comment The comment.
	 */
	private static function moderator( $comment ): string {
		$user = wp_get_current_user();
		if ( $comment && $user->exists() && user_can( $user, 'edit_comment', (int) $comment->comment_ID ) ) {
			return mb_substr( $user->user_login, 0, 60 );
		}
		return defined( 'WP_CLI' ) && WP_CLI ? 'wp-cli' : '';
	}

	/**
	 * Returns the time as the service writes it.
	 */
	private static function now(): string {
		return gmdate( 'Y-m-d\TH:i:s.' ) . sprintf( '%03dZ', (int) ( fmod( microtime( true ), 1 ) * 1000 ) );
	}
}
