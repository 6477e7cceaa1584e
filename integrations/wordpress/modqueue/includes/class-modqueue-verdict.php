<?php
/**
 * Gives comments the status that a verdict or a decision asks for.
 *
 * @package Modqueue
 */

/**
 * Changes statuses, and lets others know that it was not a moderator who did.
 */
final class Modqueue_Verdict {

	/**
	 * True while this plugin changes a status.
	 *
	 * @var bool
	 */
	private static $at_work = false;

	/**
	 * Tells whether this plugin is changing a status now.
	 */
	public static function is_at_work(): bool {
		return self::$at_work;
	}

	/**
	 * Uses a verdict that came after the comment was stored.
	 *
	 * @param WP_Comment $comment The comment.
	 * @param string     $verdict The verdict.
	 * @param string     $mode    Why the comment was sent; see Modqueue_Sender.
	 */
	public static function apply( WP_Comment $comment, string $verdict, string $mode ): void {
		$comment_id = (int) $comment->comment_ID;
		$status     = wp_get_comment_status( $comment_id );
		if ( 'moderator' === $mode ) {
			Modqueue_Moderators::confirm( $comment_id, (string) $status );
			return;
		}
		$touchable = 'author' === $mode ? array( 'approved', 'unapproved' ) : array( 'unapproved' );
		if ( ! in_array( $status, $touchable, true ) || Modqueue_Record::get( $comment_id, Modqueue_Record::DECISION ) ) {
			return;
		}
		$own = (int) Modqueue_Record::get( $comment_id, Modqueue_Record::OWN );
		if ( 'approve' !== $verdict || 'unapproved' === $status ) {
			self::set( $comment_id, Modqueue_Gate::status( $verdict, $own ) );
		}
	}

	/**
	 * Sets a status; returns false where WordPress could not.
	 *
	 * @param int        $comment_id The comment.
	 * @param int|string $status     0, 1, spam or trash.
	 */
	public static function set( int $comment_id, $status ): bool {
		$names = array(
			'0'     => 'unapproved',
			'1'     => 'approved',
			'spam'  => 'spam',
			'trash' => 'trash',
		);
		if ( wp_get_comment_status( $comment_id ) === $names[ $status ] ) {
			return true;
		}
		self::$at_work = true;
		try {
			return self::change( $comment_id, (string) $status );
		} finally {
			self::$at_work = false;
		}
	}

	/**
	 * Calls the function of WordPress for it, so that the way back stays open.
	 *
	 * @param int    $comment_id The comment.
	 * @param string $status     0, 1, spam or trash.
	 */
	private static function change( int $comment_id, string $status ): bool {
		if ( 'spam' === $status ) {
			return wp_spam_comment( $comment_id );
		}
		if ( 'trash' === $status ) {
			return wp_trash_comment( $comment_id );
		}
		return true === wp_set_comment_status( $comment_id, '1' === $status ? 'approve' : 'hold' );
	}
}
