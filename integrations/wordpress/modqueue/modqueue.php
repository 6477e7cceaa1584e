<?php
/**
 * Plugin Name:       Modqueue
 * Description:       Sends each comment to your own Modqueue service, which says whether to publish, hold or reject it, and brings moderators' decisions back.
 * Version:           0.1.0
 * Requires at least: 5.6
 * Requires PHP:      7.4
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       modqueue
 * Domain Path:       /languages
 *
 * @package Modqueue
 */

defined( 'ABSPATH' ) || exit;

define( 'MODQUEUE_FILE', __FILE__ );

require __DIR__ . '/includes/class-modqueue-signature.php';
require __DIR__ . '/includes/class-modqueue-settings.php';
require __DIR__ . '/includes/class-modqueue-client.php';
require __DIR__ . '/includes/class-modqueue-record.php';
require __DIR__ . '/includes/class-modqueue-message.php';
require __DIR__ . '/includes/class-modqueue-gate.php';
require __DIR__ . '/includes/class-modqueue-verdict.php';
require __DIR__ . '/includes/class-modqueue-sender.php';
require __DIR__ . '/includes/class-modqueue-moderators.php';
require __DIR__ . '/includes/class-modqueue-callback.php';
require __DIR__ . '/includes/class-modqueue-privacy.php';

Modqueue_Record::hook();
Modqueue_Gate::hook();
Modqueue_Sender::hook();
Modqueue_Moderators::hook();
Modqueue_Callback::hook();
Modqueue_Privacy::hook();

if ( is_admin() ) {
	require __DIR__ . '/admin/class-modqueue-words.php';
	require __DIR__ . '/admin/class-modqueue-connection.php';
	require __DIR__ . '/admin/class-modqueue-settings-page.php';
	require __DIR__ . '/admin/class-modqueue-comments-screen.php';
	Modqueue_Settings_Page::hook();
	Modqueue_Comments_Screen::hook();
}

add_action(
	'init',
	function () {
		load_plugin_textdomain( 'modqueue', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	}
);

register_deactivation_hook( __FILE__, array( 'Modqueue_Sender', 'unschedule' ) );
