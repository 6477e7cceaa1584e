<?php
/**
 * What the service is told of a comment.
 *
 * @package Modqueue
 */

/**
 * Makes messages of comments.
 */
final class Modqueue_Message {

	const COLUMNS = array(
		'comment_post_ID',
		'comment_author',
		'comment_author_email',
		'comment_author_url',
		'comment_author_IP',
		'comment_content',
		'comment_type',
		'comment_date_gmt',
		'comment_agent',
		'user_id',
	);

	/**
	 * Returns the fields of a comment; it need not be stored yet.
	 *
	 * @param array<string, mixed> $comment Columns of the comment, without slashes.
	 * @param string               $key     The name by which the service knows it.
	 * @return array<string, string>
	 */
	public static function fields( array $comment, string $key ): array {
		$fields = array( 'comment_ID' => $key );
		foreach ( self::COLUMNS as $name ) {
			$fields[ $name ] = (string) ( $comment[ $name ] ?? '' );
		}
		$post_id = (int) $fields['comment_post_ID'];
		$parent  = (int) ( $comment['comment_parent'] ?? 0 );
		$fields += array(
			'permalink'  => substr( (string) get_permalink( $post_id ), 0, 2000 ),
			'post_title' => mb_substr( wp_strip_all_tags( get_post_field( 'post_title', $post_id ) ), 0, 1000 ),
		);
		return $parent ? $fields + self::parent( $parent ) : $fields;
	}

	/**
	 * Returns the fields of a stored comment.
	 *
	 * @param WP_Comment $comment The comment.
	 * @return array<string, string>
	 */
	public static function of( WP_Comment $comment ): array {
		return self::fields( $comment->to_array(), Modqueue_Record::key( (int) $comment->comment_ID ) );
	}

	/**
	 * Returns the digest of what readers see of a comment: another one needs another answer.
	 *
	 * @param array<string, string> $fields Its fields.
	 */
	public static function digest( array $fields ): string {
		return md5( $fields['comment_content'] . "\0" . $fields['comment_author'] . "\0" . $fields['comment_author_url'] );
	}

	/**
	 * Returns the id of the message that carries these fields: sent twice, it counts once.
	 *
	 * @param array<string, string> $fields The fields.
	 */
	public static function id( array $fields ): string {
		return 'wp-' . $fields['comment_ID'] . '-' . md5( (string) wp_json_encode( $fields ) );
	}

	/**
	 * Returns what the comment answers.
	 *
	 * @param int $comment_id The comment above it.
	 * @return array<string, string>
	 */
	private static function parent( int $comment_id ): array {
		$parent = get_comment( $comment_id );
		if ( ! $parent ) {
			return array();
		}
		$key = (string) Modqueue_Record::get( $comment_id, Modqueue_Record::KEY );
		return array(
			'comment_parent' => '' === $key ? (string) $comment_id : $key,
			'parent_content' => mb_substr( $parent->comment_content, 0, 20000 ),
		);
	}
}
