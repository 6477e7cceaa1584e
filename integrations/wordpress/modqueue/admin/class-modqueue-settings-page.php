<?php
/**
 * Settings → Modqueue.
 *
 * @package Modqueue
 */

/**
 * The settings page, with the test of the connection and the sending of existing comments.
 */
final class Modqueue_Settings_Page {

	const SLUG = 'modqueue';

	/**
	 * Registers the hooks.
	 */
	public static function hook(): void {
		add_action( 'admin_menu', array( self::class, 'add' ) );
		add_action( 'admin_init', array( self::class, 'register' ) );
		add_action( 'admin_post_modqueue_existing', array( self::class, 'send_existing' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( MODQUEUE_FILE ), array( self::class, 'link' ) );
	}

	/**
	 * Adds the page.
	 */
	public static function add(): void {
		add_options_page( 'Modqueue', 'Modqueue', 'manage_options', self::SLUG, array( self::class, 'show' ) );
	}

	/**
	 * Registers the option that its form saves.
	 */
	public static function register(): void {
		$how = array(
			'type'              => 'array',
			'sanitize_callback' => array( Modqueue_Settings::class, 'clean' ),
		);
		register_setting( self::SLUG, Modqueue_Settings::OPTION, $how );
	}

	/**
	 * Adds a link to the list of plugins.
	 *
	 * @param string[] $links Those that there are.
	 * @return string[]
	 */
	public static function link( $links ) {
		$shown = sprintf( '<a href="%s">%s</a>', esc_url( self::url() ), esc_html__( 'Settings', 'modqueue' ) );
		array_unshift( $links, $shown );
		return $links;
	}

	/**
	 * Sends the comments that were there before the plugin, by cron.
	 */
	public static function send_existing(): void {
		check_admin_referer( 'modqueue_existing' );
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do this.', 'modqueue' ), '', array( 'response' => 403 ) );
		}
		update_option( Modqueue_Sender::EXISTING, 1, false );
		wp_safe_redirect( self::url() );
		exit;
	}

	/**
	 * Shows the page. The connection is tested each time that it is saved, or on request.
	 */
	public static function show(): void {
		// phpcs:ignore WordPress.Security.NonceVerification -- it changes nothing.
		$tested = isset( $_GET['test'] ) || isset( $_GET['settings-updated'] );
		$shown  = array(
			'settings' => Modqueue_Settings::all(),
			'findings' => $tested ? Modqueue_Connection::findings() : null,
			'waiting'  => Modqueue_Record::count( Modqueue_Record::WAITING ),
			'existing' => (bool) get_option( Modqueue_Sender::EXISTING ),
			'test_url' => add_query_arg( 'test', 1, self::url() ),
		);
		require __DIR__ . '/settings-page.php';
	}

	/**
	 * Returns the page's address.
	 */
	private static function url(): string {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}
}
