<?php
/**
 * Where comments come in: new ones and edited ones.
 *
 * @package Modqueue
 */

/**
 * Asks for a verdict before a comment is stored, and again when it was edited.
 */
final class Modqueue_Gate {

	/**
	 * What was answered about the comment that this request is about to store.
	 *
	 * @var array{fields: array<string, string>, answer: array<string, mixed>|WP_Error, own: int}|null
	 */
	private static $asked = null;

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		// After all others: what WordPress or another plugin refuses need not be sent.
		add_filter( 'pre_comment_approved', array( self::class, 'judge' ), 1000, 2 );
		add_action( 'wp_insert_comment', array( self::class, 'stored' ), 10, 2 );
		add_action( 'edit_comment', array( self::class, 'edited' ) );
	}

	/**
	 * Says with which status a new comment is to be stored.
	 *
	 * @param int|string|WP_Error  $own     What WordPress's own rules say.
	 * @param array<string, mixed> $comment Its columns, with slashes.
	 * @return int|string|WP_Error
	 */
	public static function judge( $own, $comment ) {
		if ( is_wp_error( $own ) || ! in_array( (string) $own, array( '0', '1' ), true ) ) {
			return $own;
		}
		if ( ! Modqueue_Settings::is_complete() || self::is_exempt( (int) ( $comment['user_id'] ?? 0 ) ) ) {
			return $own;
		}
		$fields      = Modqueue_Message::fields( wp_unslash( $comment ), wp_generate_uuid4() );
		$answer      = self::ask( $fields );
		self::$asked = array(
			'fields' => $fields,
			'answer' => $answer,
			'own'    => (int) $own,
		);
		return is_wp_error( $answer ) ? 0 : self::status( $answer['verdict'] ?? 'hold', (int) $own );
	}

	/**
	 * Remembers the answer beside the comment, now that it has a number.
	 *
	 * @param int        $comment_id The comment.
	 * @param WP_Comment $comment    The comment.
	 */
	public static function stored( $comment_id, $comment ): void {
		$asked = self::$asked;
		if ( null === $asked || $asked['fields']['comment_post_ID'] !== (string) $comment->comment_post_ID ) {
			return;
		}
		self::$asked = null;
		$comment_id  = (int) $comment_id;
		Modqueue_Record::name( $comment_id, $asked['fields']['comment_ID'] );
		Modqueue_Record::set( $comment_id, Modqueue_Record::OWN, $asked['own'] );
		// What the text filters changed after the question is asked about again.
		$same = Modqueue_Message::digest( Modqueue_Message::of( $comment ) ) === Modqueue_Message::digest( $asked['fields'] );
		Modqueue_Sender::remember( $comment_id, $asked['fields'], $asked['answer'], $same ? 'post' : 'author' );
		if ( ! $same ) {
			Modqueue_Record::set( $comment_id, Modqueue_Record::WAITING, 'author' );
		}
	}

	/**
	 * Sends a comment again whose text, author or link was changed.
	 *
	 * @param int $comment_id The comment.
	 */
	public static function edited( $comment_id ): void {
		$comment = get_comment( $comment_id );
		if ( ! $comment || ! Modqueue_Settings::is_complete() || self::is_exempt( (int) $comment->user_id ) ) {
			return;
		}
		$known = Modqueue_Record::get( (int) $comment_id, Modqueue_Record::DIGEST );
		if ( Modqueue_Message::digest( Modqueue_Message::of( $comment ) ) === $known ) {
			return;
		}
		$by_moderator = current_user_can( 'moderate_comments' );
		if ( ! $by_moderator ) {
			Modqueue_Record::forget( (int) $comment_id, Modqueue_Record::DECISION );
		}
		Modqueue_Record::set( (int) $comment_id, Modqueue_Record::WAITING, $by_moderator ? 'moderator' : 'author' );
		if ( ! Modqueue_Client::was_away() ) {
			Modqueue_Sender::send( (int) $comment_id );
		}
	}

	/**
	 * Returns the status that a verdict gives to a comment.
	 *
	 * @param string $verdict The service's verdict.
	 * @param int    $own     What WordPress's own rules said.
	 * @return int|string
	 */
	public static function status( string $verdict, int $own ) {
		if ( 'approve' === $verdict ) {
			return Modqueue_Settings::get( 'publish' ) ? 1 : $own;
		}
		return 'reject' === $verdict ? self::rejected() : 0;
	}

	/**
	 * Returns where rejected comments go; a trash that is emptied at once is none.
	 */
	public static function rejected(): string {
		return EMPTY_TRASH_DAYS ? (string) Modqueue_Settings::get( 'rejected' ) : 'spam';
	}

	/**
	 * Tells whether the comments of this author are not to be sent.
	 *
	 * @param int $user_id The author, 0 where not signed in.
	 */
	public static function is_exempt( int $user_id ): bool {
		return $user_id && Modqueue_Settings::get( 'skip_editors' ) && user_can( $user_id, 'moderate_comments' );
	}

	/**
	 * Asks the service, but not one that was away a moment ago: the commenter shall not wait for it.
	 *
	 * @param array<string, string> $fields The comment.
	 * @return array<string, mixed>|WP_Error
	 */
	private static function ask( array $fields ) {
		if ( Modqueue_Client::was_away() ) {
			return new WP_Error( 'away', __( 'The service did not answer a moment ago.', 'modqueue' ) );
		}
		return Modqueue_Client::post( 'comments', Modqueue_Message::id( $fields ), $fields );
	}
}
