<?php
/**
 * Of WordPress's coding standards what PHP_CodeSniffer's own sniffs cannot say: Yoda conditions, names in
 * snake_case, escaped output, and nonces wherever a request is read. Prints a line for each fault.
 */

const EQUAL    = array( T_IS_EQUAL, T_IS_IDENTICAL, T_IS_NOT_EQUAL, T_IS_NOT_IDENTICAL );
const LITERAL  = array( T_CONSTANT_ENCAPSED_STRING, T_LNUMBER, T_DNUMBER, T_STRING );
const SAFE     = array( 'esc_html', 'esc_attr', 'esc_url', 'esc_textarea', 'esc_html__', 'esc_attr__', 'wp_kses', 'wp_kses_post', 'absint' );
const REQUEST  = array( '$_GET', '$_POST', '$_REQUEST' );
const VERIFIES = array( 'check_admin_referer', 'check_ajax_referer', 'wp_verify_nonce' );
// As WordPress's own sniff is told where nothing is done by what is read.
const HARMLESS = 'phpcs:ignore WordPress.Security.NonceVerification';

/** Kind and text of each token that is no blank and no comment, and its line. */
function tokens( $source ) {
	$line  = 1;
	$found = array();
	foreach ( token_get_all( $source ) as $token ) {
		list( $kind, $text, $line ) = is_array( $token ) ? $token : array( $token, $token, $line );
		if ( ! in_array( $kind, array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true ) ) {
			$found[] = array( $kind, $text, $line );
		}
	}
	return $found;
}

/** Whether each part of what is echoed, from a place on, is escaped or a constant. */
function escaped( $tokens, $at ) {
	$depth = 0;
	$first = true;
	for ( ; ';' !== $tokens[ $at ][0] && T_CLOSE_TAG !== $tokens[ $at ][0]; $at++ ) {
		list( $kind, $text ) = $tokens[ $at ];
		if ( $first && T_INT_CAST !== $kind && T_CONSTANT_ENCAPSED_STRING !== $kind && ! in_array( $text, SAFE, true ) ) {
			return false;
		}
		$depth += in_array( $text, array( '(', '[' ), true ) ? 1 : ( in_array( $text, array( ')', ']' ), true ) ? -1 : 0 );
		$first  = 0 === $depth && in_array( $text, array( '.', ',' ), true );
	}
	return true;
}

/** What is wrong at a place, or nothing. */
function fault( $tokens, $at ) {
	list( $kind, $text ) = $tokens[ $at ];
	$before              = $tokens[ $at - 1 ] ?? array( '', '' );
	$after               = $tokens[ $at + 1 ] ?? array( '', '' );
	if ( in_array( $kind, EQUAL, true ) && T_VARIABLE === $before[0] && in_array( $after[0], LITERAL, true ) ) {
		return 'the constant comes first';
	}
	$named = T_VARIABLE === $kind && '_' !== $text[1] || T_STRING === $kind && T_FUNCTION === $before[0];
	if ( $named && preg_match( '/[A-Z]/', $text ) ) {
		return "$text is no snake_case";
	}
	$shown = in_array( $kind, array( T_ECHO, T_OPEN_TAG_WITH_ECHO ), true ) ? $at + 1 : ( 'printf' === $text ? $at + 2 : 0 );
	if ( $shown && ! escaped( $tokens, $shown ) || in_array( $text, array( '_e', '_ex' ), true ) ) {
		return 'shown without being escaped';
	}
	return '';
}

foreach ( array_slice( $argv, 1 ) as $path ) {
	$source = file_get_contents( $path );
	$tokens = tokens( $source );
	$words  = array_column( $tokens, 1 );
	if ( array_intersect( REQUEST, $words ) && ! array_intersect( VERIFIES, $words ) && false === strpos( $source, HARMLESS ) ) {
		echo "$path: a request is read without a nonce\n";
	}
	foreach ( array_keys( $tokens ) as $at ) {
		$said = fault( $tokens, $at );
		if ( $said ) {
			echo "$path:{$tokens[ $at ][2]}: $said\n";
		}
	}
}
