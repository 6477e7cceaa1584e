<?php
/**
 * What this plugin says and does about readers' data.
 *
 * @package Modqueue
 */

/**
 * The text for the privacy policy, the exporter and the eraser.
 */
final class Modqueue_Privacy {

	const PAGE = 100;

	/**
	 * Seconds that the service may take to look through all that it keeps.
	 */
	const PATIENCE = 25;

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_action( 'admin_init', array( self::class, 'suggest' ) );
		add_filter( 'wp_privacy_personal_data_exporters', array( self::class, 'exporters' ) );
		// Before WordPress's own, after which the author is no longer found.
		add_filter( 'wp_privacy_personal_data_erasers', array( self::class, 'erasers' ), 5 );
	}

	/**
	 * Suggests a paragraph for the blog's privacy policy.
	 */
	public static function suggest(): void {
		$text = __( 'Comments are sent to a moderation service that the owner of this site runs, together with the name, e-mail address, web address, IP address and browser of their author. The service scores the text and keeps it for its moderators; of the e-mail and IP addresses it keeps only a keyed hash and a short form such as “a…@example.com”, and it erases all of it when this site’s tool for erasing personal data is used. No third party receives them.', 'modqueue' );
		wp_add_privacy_policy_content( 'Modqueue', wp_kses_post( wpautop( $text ) ) );
	}

	/**
	 * Adds the exporter.
	 *
	 * @param array<string, mixed> $exporters Those that there are.
	 * @return array<string, mixed>
	 */
	public static function exporters( $exporters ) {
		$exporters['modqueue'] = array(
			'exporter_friendly_name' => __( 'Modqueue: verdicts on comments', 'modqueue' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Adds the eraser.
	 *
	 * @param array<string, mixed> $erasers Those that there are.
	 * @return array<string, mixed>
	 */
	public static function erasers( $erasers ) {
		$erasers['modqueue'] = array(
			'eraser_friendly_name' => __( 'Modqueue: verdicts on comments', 'modqueue' ),
			'callback'             => array( self::class, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Exports what is known of an author's comments.
	 *
	 * @param string $email The author.
	 * @param int    $page  Which part.
	 * @return array{data: array<int, mixed>, done: bool}
	 */
	public static function export( $email, $page = 1 ) {
		$comments = self::comments( $email, (int) $page );
		$data     = array();
		foreach ( $comments as $comment ) {
			$values = self::values( (int) $comment->comment_ID );
			if ( $values ) {
				$data[] = array(
					'group_id'    => 'modqueue',
					'group_label' => __( 'Moderation of comments', 'modqueue' ),
					'item_id'     => "comment-{$comment->comment_ID}",
					'data'        => $values,
				);
			}
		}
		return array(
			'data' => $data,
			'done' => count( $comments ) < self::PAGE,
		);
	}

	/**
	 * Erases what is known of an author's comments.
	 *
	 * @param string $email The author.
	 * @param int    $page  Which part.
	 * @return array<string, mixed>
	 */
	public static function erase( $email, $page = 1 ) {
		$comments = self::comments( $email, (int) $page );
		$removed  = false;
		foreach ( $comments as $comment ) {
			$removed = self::values( (int) $comment->comment_ID ) || $removed;
			Modqueue_Record::erase( (int) $comment->comment_ID );
		}
		$done = count( $comments ) < self::PAGE;
		// Last, so that what is erased here is not sent anew meanwhile.
		$erased = $done && Modqueue_Settings::is_complete() ? self::erase_at_the_service( $email ) : array( 'comments' => 0 );
		$failed = is_wp_error( $erased );
		return array(
			'items_removed'  => $removed || ( ! $failed && $erased['comments'] ),
			'items_retained' => $failed,
			'messages'       => $failed ? array( __( 'Your Modqueue service could not be asked to erase what it keeps of this person. Erase again when it can be reached.', 'modqueue' ) ) : array(),
			'done'           => $done,
		);
	}

	/**
	 * Has the service erase what it keeps of an author on this site.
	 *
	 * @param string $email The author.
	 * @return array<string, mixed>|WP_Error
	 */
	private static function erase_at_the_service( string $email ) {
		$message = array(
			'type' => 'author.erase',
			'data' => array( 'email' => $email ),
		);
		return Modqueue_Client::post( 'erasures', 'wp-' . wp_generate_uuid4(), $message, self::PATIENCE );
	}

	/**
	 * Returns what is remembered beside a comment, for people to read.
	 *
	 * @param int $comment_id The comment.
	 * @return array<int, array{name: string, value: string}>
	 */
	private static function values( int $comment_id ): array {
		$names  = array(
			Modqueue_Record::ANSWER   => __( 'Verdict of the service', 'modqueue' ),
			Modqueue_Record::DECISION => __( 'Decision of a moderator', 'modqueue' ),
		);
		$values = array();
		foreach ( $names as $name => $label ) {
			$value = Modqueue_Record::get( $comment_id, $name );
			if ( $value ) {
				$values[] = array(
					'name'  => $label,
					'value' => (string) wp_json_encode( $value ),
				);
			}
		}
		return $values;
	}

	/**
	 * Returns some of an author's comments.
	 *
	 * @param string $email The author.
	 * @param int    $page  Which part.
	 * @return WP_Comment[]
	 */
	private static function comments( string $email, int $page ): array {
		return get_comments(
			array(
				'author_email' => $email,
				'number'       => self::PAGE,
				'paged'        => $page,
				'orderby'      => 'comment_ID',
				'order'        => 'ASC',
				'status'       => array( 'hold', 'approve', 'spam', 'trash' ),
			)
		);
	}
}
