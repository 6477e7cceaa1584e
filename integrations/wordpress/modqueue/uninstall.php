<?php
/**
 * Leaves nothing of the plugin behind; the comments keep their status.
 *
 * @package Modqueue
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

global $wpdb;

foreach ( array( 'modqueue', 'modqueue_deleted', 'modqueue_existing', 'modqueue_heard' ) as $modqueue_option ) {
	delete_option( $modqueue_option );
}
delete_transient( 'modqueue_away' );
wp_clear_scheduled_hook( 'modqueue_send' );
// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the keys differ in their ends.
$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->commentmeta WHERE meta_key LIKE %s", $wpdb->esc_like( '_modqueue_' ) . '%' ) );
wp_cache_flush();
