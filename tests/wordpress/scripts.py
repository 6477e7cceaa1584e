"""What a WordPress of the tests is set up with, in PHP."""

CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'WP_HOME', '%(url)s' );
define( 'WP_SITEURL', '%(url)s' );
define( 'WP_ENVIRONMENT_TYPE', 'local' );
// It speaks to this machine and to nobody else, and its cron runs when a test says so.
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1, *.invalid' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '%(log)s' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', 'key of a site that lives for a minute ' . $name );
	define( $name . '_SALT', 'salt of a site that lives for a minute ' . $name );
}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
"""

# Tests post quickly, send mail to nobody, and the service is on this machine.
MU_PLUGIN = """<?php
add_filter( 'comment_flood_filter', '__return_false', 99 );
add_filter( 'block_local_requests', '__return_false' );
add_filter( 'pre_wp_mail', '__return_true' );
"""

INSTALL = """
define( 'WP_INSTALLING', true );
require %(config)s;
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'A blog', 'admin', 'admin@blog.example', true, '', %(password)s );
update_option( 'comment_previously_approved', 0 );
update_option( 'comment_max_links', 0 );
update_option( 'permalink_structure', '/%%postname%%/' );
flush_rewrite_rules();
"""

# PHP's own server gives pretty addresses to WordPress and files to readers.
ROUTER = """<?php
$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( is_file( $_SERVER['DOCUMENT_ROOT'] . rtrim( $path, '/' ) ) ) { return false; }
if ( is_file( $_SERVER['DOCUMENT_ROOT'] . $path . '/index.php' ) ) { return false; }
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
"""
