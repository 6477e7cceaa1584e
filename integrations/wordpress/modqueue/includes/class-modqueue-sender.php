<?php
/**
 * Sends stored comments and uses the answers; what could not be sent is sent later.
 *
 * How the verdict on a waiting comment is used depends on why it waits:
 * `post` it was stored while the service was away; `author` its author edited it; `moderator` somebody who moderates
 * edited it, so that its status stays; `existing` it was there before the plugin, so that only a held one changes.
 *
 * @package Modqueue
 */

/**
 * Sends stored comments.
 */
final class Modqueue_Sender {

	const EVENT    = 'modqueue_send';
	const EXISTING = 'modqueue_existing';
	const BATCH    = 50;

	/**
	 * Seconds that one run of cron may take.
	 */
	const BUDGET = 40;

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_filter( 'cron_schedules', array( self::class, 'every_minute' ) ); // phpcs:ignore WordPress.WP.CronInterval -- a held comment should not wait longer.
		add_action( 'init', array( self::class, 'schedule' ) );
		add_action( self::EVENT, array( self::class, 'run' ) );
	}

	/**
	 * Adds a schedule.
	 *
	 * @param array<string, mixed> $schedules Those that there are.
	 * @return array<string, mixed>
	 */
	public static function every_minute( $schedules ) {
		$schedules['modqueue_minute'] = array(
			'interval' => MINUTE_IN_SECONDS,
			'display'  => __( 'Every minute (Modqueue)', 'modqueue' ),
		);
		return $schedules;
	}

	/**
	 * Sees that cron runs.
	 */
	public static function schedule(): void {
		if ( ! wp_next_scheduled( self::EVENT ) ) {
			wp_schedule_event( time(), 'modqueue_minute', self::EVENT );
		}
	}

	/**
	 * Stops cron.
	 */
	public static function unschedule(): void {
		wp_clear_scheduled_hook( self::EVENT );
	}

	/**
	 * Sends what waits, until nothing does, the service is away or the time is over.
	 */
	public static function run(): void {
		if ( ! Modqueue_Settings::is_complete() ) {
			return;
		}
		$until = time() + self::BUDGET;
		do {
			$sent = self::run_batch();
			$more = $sent || self::mark_existing();
		} while ( $more && time() < $until );
		Modqueue_Moderators::send_all();
	}

	/**
	 * Sends one comment, and uses the answer.
	 *
	 * @param int $comment_id The comment.
	 * @return array<string, mixed>|WP_Error
	 */
	public static function send( int $comment_id ) {
		$comment = get_comment( $comment_id );
		if ( ! $comment ) {
			return new WP_Error( 'refused', 'deleted', array( 'status' => 404 ) );
		}
		$mode   = (string) Modqueue_Record::get( $comment_id, Modqueue_Record::WAITING );
		$fields = Modqueue_Message::of( $comment );
		$answer = Modqueue_Client::post( 'comments', Modqueue_Message::id( $fields ), $fields );
		self::remember( $comment_id, $fields, $answer, $mode );
		if ( ! is_wp_error( $answer ) ) {
			delete_transient( Modqueue_Client::AWAY );
			Modqueue_Verdict::apply( $comment, (string) ( $answer['verdict'] ?? 'hold' ), $mode );
		}
		return $answer;
	}

	/**
	 * Remembers an answer beside its comment, or that it has still to be asked for.
	 *
	 * @param int                           $comment_id The comment.
	 * @param array<string, string>         $fields     What was sent.
	 * @param array<string, mixed>|WP_Error $answer     What was answered.
	 * @param string                        $mode       How a later answer is used.
	 */
	public static function remember( int $comment_id, array $fields, $answer, string $mode ): void {
		if ( ! is_wp_error( $answer ) ) {
			Modqueue_Record::set( $comment_id, Modqueue_Record::ANSWER, $answer );
			Modqueue_Record::set( $comment_id, Modqueue_Record::DIGEST, Modqueue_Message::digest( $fields ) );
			Modqueue_Record::forget( $comment_id, Modqueue_Record::ERROR );
			Modqueue_Record::forget( $comment_id, Modqueue_Record::WAITING );
			return;
		}
		Modqueue_Record::set( $comment_id, Modqueue_Record::ERROR, $answer->get_error_message() );
		if ( 'refused' === $answer->get_error_code() ) {
			Modqueue_Record::forget( $comment_id, Modqueue_Record::WAITING );
		} else {
			Modqueue_Record::set( $comment_id, Modqueue_Record::WAITING, $mode );
		}
	}

	/**
	 * Sends some of what waits; returns how many are done.
	 */
	private static function run_batch(): int {
		$done = 0;
		foreach ( Modqueue_Record::having( Modqueue_Record::WAITING, self::BATCH ) as $comment_id ) {
			$answer = self::send( $comment_id );
			if ( ! is_wp_error( $answer ) || 'refused' === $answer->get_error_code() ) {
				++$done;
			} elseif ( ! in_array( $answer->get_error_data()['status'], array( 400, 500 ), true ) ) {
				// The service, not this comment, is the matter.
				return 0;
			}
		}
		return $done;
	}

	/**
	 * Marks some of the comments that were never sent, where the owner asked for it.
	 */
	private static function mark_existing(): bool {
		if ( ! get_option( self::EXISTING ) ) {
			return false;
		}
		$found = get_comments(
			array(
				'meta_query' => array( // phpcs:ignore WordPress.DB.SlowDBQuery -- in cron, when asked for.
					array(
						'key'     => Modqueue_Record::KEY,
						'compare' => 'NOT EXISTS',
					),
				),
				'number'     => self::BATCH,
				'status'     => array( 'hold', 'approve', 'spam', 'trash' ),
				'type'       => array( 'comment', 'pingback', 'trackback', 'review' ),
			)
		);
		foreach ( $found as $comment ) {
			Modqueue_Record::key( (int) $comment->comment_ID );
			if ( ! Modqueue_Gate::is_exempt( (int) $comment->user_id ) ) {
				Modqueue_Record::set( (int) $comment->comment_ID, Modqueue_Record::WAITING, 'existing' );
			}
		}
		if ( ! $found ) {
			delete_option( self::EXISTING );
		}
		return (bool) $found;
	}
}
