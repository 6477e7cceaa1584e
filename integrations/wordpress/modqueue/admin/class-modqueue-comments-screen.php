<?php
/**
 * The comments screen: a column, a box, and "Send to Modqueue" for many.
 *
 * @package Modqueue
 */

/**
 * Shows what the service said of each comment.
 */
final class Modqueue_Comments_Screen {

	const ACTION = 'modqueue_send';

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_filter( 'manage_edit-comments_columns', array( self::class, 'columns' ) );
		add_action( 'manage_comments_custom_column', array( self::class, 'cell' ), 10, 2 );
		add_action( 'add_meta_boxes_comment', array( self::class, 'add_box' ) );
		add_filter( 'bulk_actions-edit-comments', array( self::class, 'actions' ) );
		add_filter( 'handle_bulk_actions-edit-comments', array( self::class, 'send' ), 10, 3 );
		add_action( 'admin_notices', array( self::class, 'notice' ) );
	}

	/**
	 * Adds the column.
	 *
	 * @param array<string, string> $columns Those that there are.
	 * @return array<string, string>
	 */
	public static function columns( $columns ) {
		$columns['modqueue'] = 'Modqueue';
		return $columns;
	}

	/**
	 * Fills a cell of the column.
	 *
	 * @param string $column     Which column.
	 * @param int    $comment_id The comment.
	 */
	public static function cell( $column, $comment_id ): void {
		if ( 'modqueue' === $column ) {
			self::show( (int) $comment_id );
		}
	}

	/**
	 * Adds the box to the page where a comment is edited.
	 */
	public static function add_box(): void {
		add_meta_box( 'modqueue', 'Modqueue', array( self::class, 'box' ), 'comment', 'normal' );
	}

	/**
	 * Fills the box.
	 *
	 * @param WP_Comment $comment The comment.
	 */
	public static function box( $comment ): void {
		self::show( (int) $comment->comment_ID );
	}

	/**
	 * Adds the action for many.
	 *
	 * @param array<string, string> $actions Those that there are.
	 * @return array<string, string>
	 */
	public static function actions( $actions ) {
		$actions[ self::ACTION ] = __( 'Send to Modqueue', 'modqueue' );
		return $actions;
	}

	/**
	 * Marks the chosen comments; cron sends them.
	 *
	 * @param string $target  Where to go on.
	 * @param string $action  The chosen action.
	 * @param int[]  $chosen  The comments.
	 * @return string
	 */
	public static function send( $target, $action, $chosen ) {
		if ( self::ACTION !== $action || ! current_user_can( 'moderate_comments' ) ) {
			return $target;
		}
		foreach ( $chosen as $comment_id ) {
			if ( '' === Modqueue_Record::get( (int) $comment_id, Modqueue_Record::WAITING ) ) {
				Modqueue_Record::set( (int) $comment_id, Modqueue_Record::WAITING, 'existing' );
			}
		}
		return add_query_arg( 'modqueue_sent', count( $chosen ), $target );
	}

	/**
	 * Says that the chosen comments will be sent, or that none can be.
	 */
	public static function notice(): void {
		// phpcs:ignore WordPress.Security.NonceVerification -- a number to be shown.
		$count = isset( $_GET['modqueue_sent'] ) ? absint( $_GET['modqueue_sent'] ) : 0;
		if ( $count ) {
			/* translators: %s: a number. */
			$said = sprintf( _n( '%s comment will be sent to Modqueue within a minute.', '%s comments will be sent to Modqueue within a minute.', $count, 'modqueue' ), number_format_i18n( $count ) );
			printf( '<div class="notice notice-success is-dismissible"><p>%s</p></div>', esc_html( $said ) );
		}
	}

	/**
	 * Shows verdict, scores, reasons, decision and the way to the desk.
	 *
	 * @param int $comment_id The comment.
	 */
	private static function show( int $comment_id ): void {
		$answer   = Modqueue_Record::get( $comment_id, Modqueue_Record::ANSWER );
		$decision = Modqueue_Record::get( $comment_id, Modqueue_Record::DECISION );
		$lines    = array( self::state( $comment_id ) );
		if ( is_array( $answer ) ) {
			$lines[] = self::verdict( $answer );
			$lines[] = self::scores( $answer );
		}
		if ( is_array( $decision ) ) {
			$lines[] = esc_html( Modqueue_Words::decision( $decision ) );
		}
		if ( is_array( $answer ) ) {
			$desk    = add_query_arg(
				array(
					'lane' => 'all',
					'item' => rawurlencode( (string) ( $answer['id'] ?? '' ) ),
				),
				Modqueue_Settings::get( 'address' ) . '/'
			);
			$lines[] = sprintf( '<a href="%s">%s</a>', esc_url( $desk ), esc_html__( 'Show on the desk', 'modqueue' ) );
		}
		$lines = array_filter( $lines );
		echo wp_kses_post( $lines ? implode( '<br>', $lines ) : __( 'not sent', 'modqueue' ) );
	}

	/**
	 * Says whether something has still to be sent, or cannot be.
	 *
	 * @param int $comment_id The comment.
	 */
	private static function state( int $comment_id ): string {
		$error = (string) Modqueue_Record::get( $comment_id, Modqueue_Record::ERROR );
		$error = '' === $error ? '' : " ($error)";
		if ( '' !== Modqueue_Record::get( $comment_id, Modqueue_Record::WAITING ) ) {
			return esc_html( __( 'waits to be sent', 'modqueue' ) . $error );
		}
		return '' === $error ? '' : esc_html( __( 'cannot be sent: decide here', 'modqueue' ) . $error );
	}

	/**
	 * Says the verdict and its reasons.
	 *
	 * @param array<string, mixed> $answer The service's answer.
	 */
	private static function verdict( array $answer ): string {
		$said    = '<strong>' . esc_html( Modqueue_Words::verdict( (string) ( $answer['verdict'] ?? '' ) ) ) . '</strong>';
		$reasons = array_map( array( Modqueue_Words::class, 'reason' ), array_map( 'strval', (array) ( $answer['reasons'] ?? array() ) ) );
		return $reasons ? $said . ': ' . esc_html( implode( ', ', $reasons ) ) : $said;
	}

	/**
	 * Says the scores, highest first.
	 *
	 * @param array<string, mixed> $answer The service's answer.
	 */
	private static function scores( array $answer ): string {
		$scores = array_map( 'floatval', (array) ( $answer['scores'] ?? array() ) );
		arsort( $scores );
		$parts = array();
		foreach ( $scores as $label => $score ) {
			$parts[] = Modqueue_Words::label( (string) $label ) . ' ' . number_format_i18n( $score, 2 );
		}
		return esc_html( implode( ' · ', $parts ) );
	}
}
