<?php
/**
 * The settings page. Given: $shown, from Modqueue_Settings_Page::show().
 *
 * @package Modqueue
 */

defined( 'ABSPATH' ) || exit;

$modqueue_now = $shown['settings'];
?>
<div class="wrap">
	<h1>Modqueue</h1>

	<?php if ( array() === $shown['findings'] ) : ?>
		<div class="notice notice-success"><p><?php esc_html_e( 'The connection works, both ways.', 'modqueue' ); ?></p></div>
	<?php endif; ?>
	<?php foreach ( (array) $shown['findings'] as $modqueue_finding ) : ?>
		<div class="notice notice-warning"><p><?php echo esc_html( $modqueue_finding ); ?></p></div>
	<?php endforeach; ?>

	<form action="options.php" method="post">
		<?php settings_fields( Modqueue_Settings_Page::SLUG ); ?>
		<table class="form-table" role="presentation">
			<tr>
				<th scope="row"><label for="modqueue-address"><?php esc_html_e( 'Address of the service', 'modqueue' ); ?></label></th>
				<td>
					<input type="url" class="regular-text code" id="modqueue-address" name="modqueue[address]" value="<?php echo esc_attr( $modqueue_now['address'] ); ?>" placeholder="https://modqueue.example">
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="modqueue-site"><?php esc_html_e( 'Site ID', 'modqueue' ); ?></label></th>
				<td>
					<input type="text" class="regular-text code" id="modqueue-site" name="modqueue[site]" value="<?php echo esc_attr( $modqueue_now['site'] ); ?>">
					<p class="description">
						<?php esc_html_e( 'Register this blog on the machine of the service with:', 'modqueue' ); ?><br>
						<code>modqueue site add myblog --url <?php echo esc_html( home_url() ); ?> --callback-url '<?php echo esc_html( Modqueue_Callback::address() ); ?>'</code>
					</p>
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="modqueue-secret"><?php esc_html_e( 'Secret', 'modqueue' ); ?></label></th>
				<td>
					<input type="password" class="regular-text code" id="modqueue-secret" name="modqueue[secret]" value="" autocomplete="off" placeholder="<?php echo esc_attr( '' === $modqueue_now['secret'] ? 'whsec_…' : __( 'set; leave empty to keep it', 'modqueue' ) ); ?>">
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="modqueue-timeout"><?php esc_html_e( 'Time-out', 'modqueue' ); ?></label></th>
				<td>
					<input type="number" class="small-text" id="modqueue-timeout" name="modqueue[timeout]" min="0.5" max="10" step="0.5" value="<?php echo esc_attr( (string) $modqueue_now['timeout'] ); ?>">
					<?php esc_html_e( 'seconds', 'modqueue' ); ?>
					<p class="description"><?php esc_html_e( 'No commenter waits longer. A comment without an answer is held and sent again every minute until it has one.', 'modqueue' ); ?></p>
				</td>
			</tr>
			<tr>
				<th scope="row"><?php esc_html_e( 'Rejected comments', 'modqueue' ); ?></th>
				<td>
					<fieldset>
						<legend class="screen-reader-text"><?php esc_html_e( 'Rejected comments', 'modqueue' ); ?></legend>
						<label><input type="radio" name="modqueue[rejected]" value="spam" <?php checked( $modqueue_now['rejected'], 'spam' ); ?>> <?php esc_html_e( 'go to Spam', 'modqueue' ); ?></label><br>
						<label><input type="radio" name="modqueue[rejected]" value="trash" <?php checked( $modqueue_now['rejected'], 'trash' ); ?>> <?php esc_html_e( 'go to the Trash', 'modqueue' ); ?></label>
					</fieldset>
				</td>
			</tr>
			<tr>
				<th scope="row"><?php esc_html_e( 'Approved comments', 'modqueue' ); ?></th>
				<td>
					<label><input type="checkbox" name="modqueue[publish]" value="1" <?php checked( $modqueue_now['publish'] ); ?>> <?php esc_html_e( 'Publish what Modqueue approves, even where WordPress’s own rules would hold it', 'modqueue' ); ?></label>
				</td>
			</tr>
			<tr>
				<th scope="row"><?php esc_html_e( 'Moderators', 'modqueue' ); ?></th>
				<td>
					<label><input type="checkbox" name="modqueue[skip_editors]" value="1" <?php checked( $modqueue_now['skip_editors'] ); ?>> <?php esc_html_e( 'Never send the comments of those who may moderate comments here', 'modqueue' ); ?></label>
				</td>
			</tr>
		</table>
		<p class="submit">
			<?php submit_button( __( 'Save and test the connection', 'modqueue' ), 'primary', 'submit', false ); ?>
			<a class="button" href="<?php echo esc_url( $shown['test_url'] ); ?>"><?php esc_html_e( 'Test connection', 'modqueue' ); ?></a>
		</p>
	</form>

	<h2><?php esc_html_e( 'Comments', 'modqueue' ); ?></h2>
	<p>
		<?php
		/* translators: %s: a number. */
		echo esc_html( sprintf( _n( '%s comment waits to be sent.', '%s comments wait to be sent.', $shown['waiting'], 'modqueue' ), number_format_i18n( $shown['waiting'] ) ) );
		?>
	</p>
	<form action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" method="post">
		<input type="hidden" name="action" value="modqueue_existing">
		<?php wp_nonce_field( 'modqueue_existing' ); ?>
		<p>
			<?php if ( $shown['existing'] ) : ?>
				<?php esc_html_e( 'The comments that were here before are being sent, some every minute.', 'modqueue' ); ?>
			<?php else : ?>
				<?php submit_button( __( 'Send existing comments', 'modqueue' ), 'secondary', 'submit', false ); ?>
				<?php esc_html_e( 'What is published stays published; of those that wait for moderation, blatant spam is rejected.', 'modqueue' ); ?>
			<?php endif; ?>
		</p>
	</form>
</div>
