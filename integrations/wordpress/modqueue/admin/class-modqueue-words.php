<?php
/**
 * The service's words, for people to read.
 *
 * @package Modqueue
 */

/**
 * Translates verdicts, labels and reasons.
 */
final class Modqueue_Words {

	/**
	 * Names a verdict or an outcome.
	 *
	 * @param string $verdict The service's word.
	 */
	public static function verdict( string $verdict ): string {
		$names = array(
			'approve' => __( 'approve', 'modqueue' ),
			'hold'    => __( 'hold', 'modqueue' ),
			'reject'  => __( 'reject', 'modqueue' ),
		);
		return $names[ $verdict ] ?? $verdict;
	}

	/**
	 * Names a label.
	 *
	 * @param string $label The service's word.
	 */
	public static function label( string $label ): string {
		$names = array(
			'dehumanising' => __( 'Dehumanising', 'modqueue' ),
			'hateful'      => __( 'Hateful', 'modqueue' ),
			'spam'         => __( 'Spam', 'modqueue' ),
		);
		return $names[ $label ] ?? $label;
	}

	/**
	 * Says a reason of a verdict, or of a decision.
	 *
	 * @param string $reason The service's code.
	 */
	public static function reason( string $reason ): string {
		if ( 0 === strpos( $reason, 'score:' ) ) {
			/* translators: %s: Dehumanising, Hateful or Spam. */
			return sprintf( __( 'score for %s', 'modqueue' ), strtolower( self::label( substr( $reason, 6 ) ) ) );
		}
		$names = array(
			'rule:blocked_word'           => __( 'a blocked word', 'modqueue' ),
			'rule:honeypot'               => __( 'a hidden field was filled in', 'modqueue' ),
			'rule:blocked_domain'         => __( 'a blocked web address', 'modqueue' ),
			'rule:links'                  => __( 'too many links', 'modqueue' ),
			'rule:edited_after_rejection' => __( 'edited after it was rejected', 'modqueue' ),
			'author:NEW'                  => __( 'a new author', 'modqueue' ),
			'scorer_error'                => __( 'it could not be scored', 'modqueue' ),
			'language'                    => __( 'a language that the model has not learnt', 'modqueue' ),
			'campaign'                    => __( 'part of a campaign', 'modqueue' ),
			'dehumanising'                => __( 'dehumanising', 'modqueue' ),
			'hateful'                     => __( 'hateful', 'modqueue' ),
			'spam'                        => __( 'spam', 'modqueue' ),
			'off_topic'                   => __( 'off topic', 'modqueue' ),
			'other'                       => __( 'another reason', 'modqueue' ),
		);
		return $names[ $reason ] ?? $reason;
	}

	/**
	 * Says who decided, and where.
	 *
	 * @param array<string, string|null> $decision A decision.
	 */
	public static function decision( array $decision ): string {
		$wish = self::verdict( (string) $decision['outcome'] );
		if ( $decision['reason'] ) {
			$wish .= ' (' . self::reason( $decision['reason'] ) . ')';
		}
		return 'desk' === $decision['from']
			/* translators: 1: approve, reject or hold; 2: a moderator's name. */
			? sprintf( __( '%1$s, decided on the desk by %2$s', 'modqueue' ), $wish, $decision['by'] )
			/* translators: 1: approve, reject or hold; 2: a moderator's name. */
			: sprintf( __( '%1$s, decided in WordPress by %2$s', 'modqueue' ), $wish, $decision['by'] );
	}
}
