SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.activity (
    id integer NOT NULL,
    office_id integer NOT NULL,
    site_id integer NOT NULL,
    season_id integer NOT NULL,
    name character varying NOT NULL,
    description character varying NOT NULL,
    "position" integer NOT NULL
);
CREATE TABLE public.activity_group (
    id integer NOT NULL,
    activity_id integer NOT NULL,
    name character varying NOT NULL,
    min_age integer,
    max_age integer
);
CREATE SEQUENCE public.activity_group_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.activity_group_id_seq OWNED BY public.activity_group.id;
CREATE SEQUENCE public.activity_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.activity_id_seq OWNED BY public.activity.id;
CREATE TABLE public.activity_notice_rule (
    id integer NOT NULL,
    activity_id integer NOT NULL,
    action character varying(40) NOT NULL,
    kind character varying(40) NOT NULL,
    count integer NOT NULL,
    at time without time zone,
    weekday integer
);
CREATE SEQUENCE public.activity_notice_rule_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.activity_notice_rule_id_seq OWNED BY public.activity_notice_rule.id;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.booking (
    id integer NOT NULL,
    child_id integer NOT NULL,
    family_id integer NOT NULL,
    enrolment_id integer NOT NULL,
    opening_id integer NOT NULL,
    day date NOT NULL,
    status character varying(40) NOT NULL,
    cancel_class character varying(40),
    price_cents integer NOT NULL,
    price_outcome character varying(40) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.booking_event (
    id integer NOT NULL,
    booking_id integer NOT NULL,
    from_status character varying(40),
    to_status character varying(40) NOT NULL,
    actor character varying(40) NOT NULL,
    user_id integer,
    reason character varying,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.booking_event_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.booking_event_id_seq OWNED BY public.booking_event.id;
CREATE SEQUENCE public.booking_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.booking_id_seq OWNED BY public.booking.id;
CREATE TABLE public.capacity_counter (
    id integer NOT NULL,
    scope_id integer NOT NULL,
    day date NOT NULL,
    places integer NOT NULL,
    taken integer NOT NULL
);
CREATE SEQUENCE public.capacity_counter_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.capacity_counter_id_seq OWNED BY public.capacity_counter.id;
CREATE TABLE public.capacity_scope (
    id integer NOT NULL,
    name character varying NOT NULL,
    places integer NOT NULL
);
CREATE TABLE public.capacity_scope_group (
    scope_id integer NOT NULL,
    group_id integer NOT NULL
);
CREATE SEQUENCE public.capacity_scope_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.capacity_scope_id_seq OWNED BY public.capacity_scope.id;
CREATE TABLE public.capacity_scope_unit (
    scope_id integer NOT NULL,
    unit_id integer NOT NULL
);
CREATE TABLE public.child (
    id integer NOT NULL,
    birth_date date NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_name character varying NOT NULL,
    first_name character varying NOT NULL,
    folded_name character varying NOT NULL
);
CREATE SEQUENCE public.child_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.child_id_seq OWNED BY public.child.id;
CREATE TABLE public.combination_rule (
    id integer NOT NULL,
    unit_id integer NOT NULL
);
CREATE SEQUENCE public.combination_rule_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.combination_rule_id_seq OWNED BY public.combination_rule.id;
CREATE TABLE public.combination_rule_unit (
    rule_id integer NOT NULL,
    unit_id integer NOT NULL
);
CREATE TABLE public.commune (
    insee_code character varying NOT NULL,
    name character varying NOT NULL,
    folded_name character varying NOT NULL
);
CREATE TABLE public.commune_postal_code (
    insee_code character varying NOT NULL,
    postal_code character varying NOT NULL
);
CREATE TABLE public.consent (
    id integer NOT NULL,
    family_id integer NOT NULL,
    text_id integer NOT NULL,
    given_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.consent_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.consent_id_seq OWNED BY public.consent.id;
CREATE TABLE public.consent_text (
    id integer NOT NULL,
    body character varying NOT NULL,
    starts_on date NOT NULL
);
CREATE SEQUENCE public.consent_text_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.consent_text_id_seq OWNED BY public.consent_text.id;
CREATE TABLE public.council (
    id integer NOT NULL,
    name character varying NOT NULL,
    school_zone character varying NOT NULL,
    address character varying NOT NULL,
    email character varying NOT NULL,
    phone character varying NOT NULL,
    dpo_email character varying NOT NULL,
    is_demo boolean NOT NULL,
    settings_version integer NOT NULL,
    CONSTRAINT ck_council_single_row CHECK ((id = 1))
);
CREATE SEQUENCE public.council_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.council_id_seq OWNED BY public.council.id;
CREATE TABLE public.enrolment (
    id integer NOT NULL,
    child_id integer NOT NULL,
    family_id integer NOT NULL,
    activity_id integer NOT NULL,
    group_id integer NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    status character varying(40) NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    requested_by_id integer NOT NULL,
    decided_at timestamp with time zone,
    decided_by_id integer,
    refusal_reason character varying
);
CREATE SEQUENCE public.enrolment_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.enrolment_id_seq OWNED BY public.enrolment.id;
CREATE TABLE public.family (
    id integer NOT NULL,
    status character varying(40) NOT NULL,
    home_phone character varying,
    mobile_phone character varying,
    regime character varying(40),
    fund_number character varying,
    fund_holder_name character varying,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by_id integer,
    refusal_reason character varying,
    last_name character varying NOT NULL,
    first_name character varying NOT NULL,
    folded_name character varying NOT NULL
);
CREATE TABLE public.family_address (
    id integer NOT NULL,
    family_id integer NOT NULL,
    starts_on date NOT NULL,
    number character varying NOT NULL,
    repetition character varying NOT NULL,
    street character varying NOT NULL,
    complement character varying NOT NULL,
    postal_code character varying NOT NULL,
    city character varying NOT NULL,
    insee_code character varying NOT NULL
);
CREATE SEQUENCE public.family_address_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.family_address_id_seq OWNED BY public.family_address.id;
CREATE TABLE public.family_child (
    family_id integer NOT NULL,
    child_id integer NOT NULL
);
CREATE SEQUENCE public.family_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.family_id_seq OWNED BY public.family.id;
CREATE TABLE public.family_quotient (
    id integer NOT NULL,
    family_id integer NOT NULL,
    value_cents integer NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    verified_at timestamp with time zone,
    verified_by_id integer,
    declared_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.family_quotient_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.family_quotient_id_seq OWNED BY public.family_quotient.id;
CREATE TABLE public.guardian (
    id integer NOT NULL,
    family_id integer NOT NULL,
    user_id integer,
    title character varying(40) NOT NULL,
    email character varying,
    last_name character varying NOT NULL,
    first_name character varying NOT NULL,
    folded_name character varying NOT NULL
);
CREATE SEQUENCE public.guardian_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.guardian_id_seq OWNED BY public.guardian.id;
CREATE TABLE public.installation (
    id integer NOT NULL,
    data_key_check character varying NOT NULL,
    CONSTRAINT ck_installation_single_row CHECK ((id = 1))
);
CREATE SEQUENCE public.installation_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.installation_id_seq OWNED BY public.installation.id;
CREATE TABLE public.office (
    id integer NOT NULL,
    prefix character varying NOT NULL,
    name character varying NOT NULL,
    payfip_number character varying
);
CREATE SEQUENCE public.office_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.office_id_seq OWNED BY public.office.id;
CREATE TABLE public.opening (
    id integer NOT NULL,
    unit_id integer NOT NULL,
    group_id integer NOT NULL,
    day date NOT NULL,
    is_open boolean NOT NULL,
    closing_reason character varying
);
CREATE SEQUENCE public.opening_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.opening_id_seq OWNED BY public.opening.id;
CREATE TABLE public.outbox_mail (
    id integer NOT NULL,
    template character varying NOT NULL,
    recipient character varying NOT NULL,
    subject character varying NOT NULL,
    body character varying NOT NULL,
    secret character varying,
    family_id integer,
    status character varying(40) NOT NULL,
    attempts integer NOT NULL,
    not_before timestamp with time zone NOT NULL,
    error character varying,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone
);
CREATE SEQUENCE public.outbox_mail_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.outbox_mail_id_seq OWNED BY public.outbox_mail.id;
CREATE TABLE public.public_holiday (
    day date NOT NULL,
    name character varying NOT NULL
);
CREATE TABLE public.reference_dataset (
    name character varying NOT NULL,
    source character varying NOT NULL,
    version character varying NOT NULL,
    row_count integer NOT NULL,
    loaded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.save_receipt (
    id integer NOT NULL,
    user_id integer NOT NULL,
    key character varying NOT NULL,
    outcome character varying NOT NULL,
    saved_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.save_receipt_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.save_receipt_id_seq OWNED BY public.save_receipt.id;
CREATE TABLE public.school_holiday (
    id integer NOT NULL,
    zone character varying NOT NULL,
    name character varying NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL
);
CREATE SEQUENCE public.school_holiday_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.school_holiday_id_seq OWNED BY public.school_holiday.id;
CREATE TABLE public.season (
    id integer NOT NULL,
    name character varying NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL
);
CREATE SEQUENCE public.season_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.season_id_seq OWNED BY public.season.id;
CREATE TABLE public.sign_in_failure (
    id integer NOT NULL,
    subject_hash character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.sign_in_failure_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sign_in_failure_id_seq OWNED BY public.sign_in_failure.id;
CREATE TABLE public.site (
    id integer NOT NULL,
    name character varying NOT NULL,
    address character varying NOT NULL
);
CREATE SEQUENCE public.site_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.site_id_seq OWNED BY public.site.id;
CREATE TABLE public.staff_role (
    id integer NOT NULL,
    user_id integer NOT NULL,
    role character varying(40) NOT NULL,
    office_id integer,
    site_id integer
);
CREATE SEQUENCE public.staff_role_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.staff_role_id_seq OWNED BY public.staff_role.id;
CREATE TABLE public.tariff_bracket (
    id integer NOT NULL,
    version_id integer NOT NULL,
    unit_id integer NOT NULL,
    qf_from_cents integer NOT NULL,
    qf_below_cents integer,
    amount_cents integer NOT NULL
);
CREATE SEQUENCE public.tariff_bracket_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tariff_bracket_id_seq OWNED BY public.tariff_bracket.id;
CREATE TABLE public.tariff_version (
    id integer NOT NULL,
    activity_id integer NOT NULL,
    starts_on date NOT NULL
);
CREATE SEQUENCE public.tariff_version_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tariff_version_id_seq OWNED BY public.tariff_version.id;
CREATE TABLE public.unit (
    id integer NOT NULL,
    activity_id integer NOT NULL,
    name character varying NOT NULL,
    starts_at time without time zone NOT NULL,
    ends_at time without time zone NOT NULL,
    is_meal boolean NOT NULL,
    "position" integer NOT NULL
);
CREATE SEQUENCE public.unit_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.unit_id_seq OWNED BY public.unit.id;
CREATE TABLE public.user_account (
    id integer NOT NULL,
    email character varying NOT NULL,
    display_name character varying NOT NULL,
    password_hash character varying,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.user_account_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.user_account_id_seq OWNED BY public.user_account.id;
CREATE TABLE public.user_session (
    id integer NOT NULL,
    token_hash character varying NOT NULL,
    user_id integer NOT NULL,
    device character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.user_session_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.user_session_id_seq OWNED BY public.user_session.id;
CREATE TABLE public.user_token (
    id integer NOT NULL,
    token_hash character varying NOT NULL,
    user_id integer NOT NULL,
    purpose character varying(40) NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE public.user_token_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.user_token_id_seq OWNED BY public.user_token.id;
ALTER TABLE ONLY public.activity ALTER COLUMN id SET DEFAULT nextval('public.activity_id_seq'::regclass);
ALTER TABLE ONLY public.activity_group ALTER COLUMN id SET DEFAULT nextval('public.activity_group_id_seq'::regclass);
ALTER TABLE ONLY public.activity_notice_rule ALTER COLUMN id SET DEFAULT nextval('public.activity_notice_rule_id_seq'::regclass);
ALTER TABLE ONLY public.booking ALTER COLUMN id SET DEFAULT nextval('public.booking_id_seq'::regclass);
ALTER TABLE ONLY public.booking_event ALTER COLUMN id SET DEFAULT nextval('public.booking_event_id_seq'::regclass);
ALTER TABLE ONLY public.capacity_counter ALTER COLUMN id SET DEFAULT nextval('public.capacity_counter_id_seq'::regclass);
ALTER TABLE ONLY public.capacity_scope ALTER COLUMN id SET DEFAULT nextval('public.capacity_scope_id_seq'::regclass);
ALTER TABLE ONLY public.child ALTER COLUMN id SET DEFAULT nextval('public.child_id_seq'::regclass);
ALTER TABLE ONLY public.combination_rule ALTER COLUMN id SET DEFAULT nextval('public.combination_rule_id_seq'::regclass);
ALTER TABLE ONLY public.consent ALTER COLUMN id SET DEFAULT nextval('public.consent_id_seq'::regclass);
ALTER TABLE ONLY public.consent_text ALTER COLUMN id SET DEFAULT nextval('public.consent_text_id_seq'::regclass);
ALTER TABLE ONLY public.council ALTER COLUMN id SET DEFAULT nextval('public.council_id_seq'::regclass);
ALTER TABLE ONLY public.enrolment ALTER COLUMN id SET DEFAULT nextval('public.enrolment_id_seq'::regclass);
ALTER TABLE ONLY public.family ALTER COLUMN id SET DEFAULT nextval('public.family_id_seq'::regclass);
ALTER TABLE ONLY public.family_address ALTER COLUMN id SET DEFAULT nextval('public.family_address_id_seq'::regclass);
ALTER TABLE ONLY public.family_quotient ALTER COLUMN id SET DEFAULT nextval('public.family_quotient_id_seq'::regclass);
ALTER TABLE ONLY public.guardian ALTER COLUMN id SET DEFAULT nextval('public.guardian_id_seq'::regclass);
ALTER TABLE ONLY public.installation ALTER COLUMN id SET DEFAULT nextval('public.installation_id_seq'::regclass);
ALTER TABLE ONLY public.office ALTER COLUMN id SET DEFAULT nextval('public.office_id_seq'::regclass);
ALTER TABLE ONLY public.opening ALTER COLUMN id SET DEFAULT nextval('public.opening_id_seq'::regclass);
ALTER TABLE ONLY public.outbox_mail ALTER COLUMN id SET DEFAULT nextval('public.outbox_mail_id_seq'::regclass);
ALTER TABLE ONLY public.save_receipt ALTER COLUMN id SET DEFAULT nextval('public.save_receipt_id_seq'::regclass);
ALTER TABLE ONLY public.school_holiday ALTER COLUMN id SET DEFAULT nextval('public.school_holiday_id_seq'::regclass);
ALTER TABLE ONLY public.season ALTER COLUMN id SET DEFAULT nextval('public.season_id_seq'::regclass);
ALTER TABLE ONLY public.sign_in_failure ALTER COLUMN id SET DEFAULT nextval('public.sign_in_failure_id_seq'::regclass);
ALTER TABLE ONLY public.site ALTER COLUMN id SET DEFAULT nextval('public.site_id_seq'::regclass);
ALTER TABLE ONLY public.staff_role ALTER COLUMN id SET DEFAULT nextval('public.staff_role_id_seq'::regclass);
ALTER TABLE ONLY public.tariff_bracket ALTER COLUMN id SET DEFAULT nextval('public.tariff_bracket_id_seq'::regclass);
ALTER TABLE ONLY public.tariff_version ALTER COLUMN id SET DEFAULT nextval('public.tariff_version_id_seq'::regclass);
ALTER TABLE ONLY public.unit ALTER COLUMN id SET DEFAULT nextval('public.unit_id_seq'::regclass);
ALTER TABLE ONLY public.user_account ALTER COLUMN id SET DEFAULT nextval('public.user_account_id_seq'::regclass);
ALTER TABLE ONLY public.user_session ALTER COLUMN id SET DEFAULT nextval('public.user_session_id_seq'::regclass);
ALTER TABLE ONLY public.user_token ALTER COLUMN id SET DEFAULT nextval('public.user_token_id_seq'::regclass);
INSERT INTO public.activity VALUES
	(1, 2, 1, 1, 'Mercredi', 'Les mercredis d’école : jeux, ateliers et sorties, à la demi-journée ou à la journée.', 1),
	(2, 1, 2, 1, 'Périscolaire', 'Avant et après la classe, les lundis, mardis, jeudis et vendredis.', 2),
	(3, 3, 3, 1, 'CAJ vacances', 'Les vacances des 11–17 ans : sport, sorties, projets, et une veillée le vendredi.', 3);
INSERT INTO public.activity_group VALUES
	(1, 1, '3–5 ans', 3, 5),
	(2, 1, '6–8 ans', 6, 8),
	(3, 1, '9–11 ans', 9, 11),
	(4, 2, 'Maternelle', 3, 5),
	(5, 2, 'Élémentaire', 6, 11),
	(6, 3, '11–13 ans', 11, 13),
	(7, 3, '14–17 ans', 14, 17);
INSERT INTO public.activity_notice_rule VALUES
	(1, 1, 'book', 'working_days_before', 2, '12:00:00', NULL),
	(2, 1, 'cancel', 'working_days_before', 2, '12:00:00', NULL),
	(3, 2, 'book', 'working_days_before', 1, '10:00:00', NULL),
	(4, 2, 'cancel', 'working_days_before', 1, '10:00:00', NULL),
	(5, 3, 'book', 'weekday_before', 1, '12:00:00', 2),
	(6, 3, 'cancel', 'hours_before', 48, NULL, NULL);
INSERT INTO public.alembic_version VALUES
	('0001');
INSERT INTO public.booking VALUES
	(1, 1, 1, 3, 882, '2026-10-26', 'confirmed', NULL, 700, 'verified', '2026-10-14 17:31:00+00'),
	(2, 1, 1, 3, 884, '2026-10-27', 'confirmed', NULL, 700, 'verified', '2026-10-14 17:31:00+00'),
	(3, 1, 1, 3, 886, '2026-10-28', 'confirmed', NULL, 700, 'verified', '2026-10-14 17:31:00+00'),
	(4, 1, 1, 3, 888, '2026-10-29', 'confirmed', NULL, 700, 'verified', '2026-10-14 17:31:00+00'),
	(5, 1, 1, 3, 890, '2026-10-30', 'confirmed', NULL, 700, 'verified', '2026-10-14 17:31:00+00'),
	(6, 1, 1, 3, 1034, '2026-10-30', 'confirmed', NULL, 300, 'verified', '2026-10-14 17:31:00+00'),
	(7, 1, 1, 2, 649, '2026-11-02', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(8, 1, 1, 2, 651, '2026-11-03', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(9, 1, 1, 2, 653, '2026-11-05', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(10, 1, 1, 2, 655, '2026-11-06', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(11, 1, 1, 2, 657, '2026-11-09', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(12, 1, 1, 2, 659, '2026-11-10', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(13, 1, 1, 2, 661, '2026-11-12', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(14, 1, 1, 2, 663, '2026-11-13', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(15, 1, 1, 2, 665, '2026-11-16', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(16, 1, 1, 2, 667, '2026-11-17', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(17, 1, 1, 1, 27, '2026-11-18', 'confirmed', NULL, 320, 'verified', '2026-10-14 17:31:00+00'),
	(18, 1, 1, 1, 132, '2026-11-18', 'confirmed', NULL, 340, 'verified', '2026-10-14 17:31:00+00'),
	(19, 1, 1, 1, 237, '2026-11-18', 'confirmed', NULL, 320, 'verified', '2026-10-14 17:31:00+00'),
	(20, 1, 1, 2, 669, '2026-11-19', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(21, 1, 1, 2, 671, '2026-11-20', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:31:00+00'),
	(22, 2, 1, 5, 371, '2026-11-02', 'confirmed', NULL, 120, 'verified', '2026-10-14 17:32:00+00'),
	(23, 2, 1, 5, 649, '2026-11-02', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:32:00+00'),
	(24, 2, 1, 4, 23, '2026-11-04', 'confirmed', NULL, 320, 'verified', '2026-10-14 17:32:00+00'),
	(25, 2, 1, 4, 128, '2026-11-04', 'confirmed', NULL, 340, 'verified', '2026-10-14 17:32:00+00'),
	(26, 2, 1, 5, 375, '2026-11-05', 'confirmed', NULL, 120, 'verified', '2026-10-14 17:32:00+00'),
	(27, 2, 1, 5, 653, '2026-11-05', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:32:00+00'),
	(28, 2, 1, 5, 379, '2026-11-09', 'confirmed', NULL, 120, 'verified', '2026-10-14 17:32:00+00'),
	(29, 2, 1, 5, 657, '2026-11-09', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:32:00+00'),
	(30, 2, 1, 5, 383, '2026-11-12', 'confirmed', NULL, 120, 'verified', '2026-10-14 17:32:00+00'),
	(31, 2, 1, 5, 661, '2026-11-12', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:32:00+00'),
	(32, 2, 1, 4, 26, '2026-11-18', 'confirmed', NULL, 320, 'verified', '2026-10-14 17:32:00+00'),
	(33, 2, 1, 4, 131, '2026-11-18', 'confirmed', NULL, 340, 'verified', '2026-10-14 17:32:00+00'),
	(34, 2, 1, 5, 391, '2026-11-19', 'confirmed', NULL, 120, 'verified', '2026-10-14 17:32:00+00'),
	(35, 2, 1, 5, 669, '2026-11-19', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:32:00+00'),
	(72, 6, 4, 12, 659, '2026-11-10', 'confirmed', NULL, 150, 'verified', '2026-10-14 17:36:00+00'),
	(82, 7, 6, 15, 22, '2026-11-04', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:38:00+00'),
	(83, 7, 6, 15, 127, '2026-11-04', 'confirmed', NULL, 480, 'missing', '2026-10-14 17:38:00+00'),
	(84, 7, 6, 15, 25, '2026-11-18', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:38:00+00'),
	(85, 7, 6, 15, 130, '2026-11-18', 'confirmed', NULL, 480, 'missing', '2026-10-14 17:38:00+00'),
	(86, 8, 6, 17, 649, '2026-11-02', 'confirmed', NULL, 250, 'missing', '2026-10-14 17:39:00+00'),
	(87, 8, 6, 16, 23, '2026-11-04', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:39:00+00'),
	(88, 8, 6, 16, 128, '2026-11-04', 'confirmed', NULL, 480, 'missing', '2026-10-14 17:39:00+00'),
	(89, 8, 6, 16, 233, '2026-11-04', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:39:00+00'),
	(90, 8, 6, 17, 653, '2026-11-05', 'confirmed', NULL, 250, 'missing', '2026-10-14 17:39:00+00'),
	(91, 8, 6, 17, 657, '2026-11-09', 'confirmed', NULL, 250, 'missing', '2026-10-14 17:39:00+00'),
	(92, 8, 6, 17, 661, '2026-11-12', 'confirmed', NULL, 250, 'missing', '2026-10-14 17:39:00+00'),
	(93, 8, 6, 17, 665, '2026-11-16', 'confirmed', NULL, 250, 'missing', '2026-10-14 17:39:00+00'),
	(94, 8, 6, 16, 26, '2026-11-18', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:39:00+00'),
	(95, 8, 6, 16, 131, '2026-11-18', 'confirmed', NULL, 480, 'missing', '2026-10-14 17:39:00+00'),
	(96, 8, 6, 16, 236, '2026-11-18', 'confirmed', NULL, 530, 'missing', '2026-10-14 17:39:00+00'),
	(203, 1, 1, 2, 673, '2026-11-23', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(204, 1, 1, 2, 675, '2026-11-24', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(205, 1, 1, 1, 30, '2026-11-25', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(206, 1, 1, 1, 135, '2026-11-25', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:31:00+00'),
	(207, 1, 1, 1, 240, '2026-11-25', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(208, 1, 1, 2, 677, '2026-11-26', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(209, 1, 1, 2, 679, '2026-11-27', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(210, 1, 1, 2, 681, '2026-11-30', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(211, 1, 1, 2, 683, '2026-12-01', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(212, 1, 1, 1, 33, '2026-12-02', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(213, 1, 1, 1, 138, '2026-12-02', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:31:00+00'),
	(214, 1, 1, 1, 243, '2026-12-02', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(215, 1, 1, 2, 685, '2026-12-03', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(216, 1, 1, 2, 687, '2026-12-04', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(217, 1, 1, 2, 689, '2026-12-07', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(218, 1, 1, 2, 691, '2026-12-08', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(219, 1, 1, 1, 36, '2026-12-09', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(220, 1, 1, 1, 141, '2026-12-09', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:31:00+00'),
	(221, 1, 1, 1, 246, '2026-12-09', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:31:00+00'),
	(222, 1, 1, 2, 695, '2026-12-11', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:31:00+00'),
	(223, 2, 1, 5, 395, '2026-11-23', 'confirmed', NULL, 120, 'verified', '2026-11-12 18:32:00+00'),
	(224, 2, 1, 5, 673, '2026-11-23', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:32:00+00'),
	(225, 2, 1, 4, 29, '2026-11-25', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:32:00+00'),
	(226, 2, 1, 4, 134, '2026-11-25', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:32:00+00'),
	(227, 2, 1, 5, 399, '2026-11-26', 'confirmed', NULL, 120, 'verified', '2026-11-12 18:32:00+00'),
	(228, 2, 1, 5, 677, '2026-11-26', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:32:00+00'),
	(229, 2, 1, 5, 403, '2026-11-30', 'confirmed', NULL, 120, 'verified', '2026-11-12 18:32:00+00'),
	(230, 2, 1, 5, 681, '2026-11-30', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:32:00+00'),
	(231, 2, 1, 4, 32, '2026-12-02', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:32:00+00'),
	(232, 2, 1, 4, 137, '2026-12-02', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:32:00+00'),
	(233, 2, 1, 5, 407, '2026-12-03', 'confirmed', NULL, 120, 'verified', '2026-11-12 18:32:00+00'),
	(234, 2, 1, 5, 685, '2026-12-03', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:32:00+00'),
	(235, 2, 1, 4, 35, '2026-12-09', 'cancelled', 'in_time', 320, 'verified', '2026-11-12 18:32:00+00'),
	(236, 2, 1, 4, 140, '2026-12-09', 'cancelled', 'in_time', 340, 'verified', '2026-11-12 18:32:00+00'),
	(237, 2, 1, 5, 415, '2026-12-10', 'confirmed', NULL, 120, 'verified', '2026-11-12 18:32:00+00'),
	(238, 2, 1, 5, 693, '2026-12-10', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:32:00+00'),
	(278, 6, 4, 12, 673, '2026-11-23', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:36:00+00'),
	(279, 6, 4, 12, 675, '2026-11-24', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:36:00+00'),
	(280, 6, 4, 11, 29, '2026-11-25', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:36:00+00'),
	(281, 6, 4, 11, 134, '2026-11-25', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:36:00+00'),
	(282, 6, 4, 11, 239, '2026-11-25', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:36:00+00'),
	(283, 6, 4, 12, 689, '2026-12-07', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:36:00+00'),
	(284, 6, 4, 12, 691, '2026-12-08', 'confirmed', NULL, 150, 'verified', '2026-11-12 18:36:00+00'),
	(285, 6, 4, 11, 35, '2026-12-09', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:36:00+00'),
	(286, 6, 4, 11, 140, '2026-12-09', 'confirmed', NULL, 340, 'verified', '2026-11-12 18:36:00+00'),
	(287, 6, 4, 11, 245, '2026-12-09', 'confirmed', NULL, 320, 'verified', '2026-11-12 18:36:00+00'),
	(293, 7, 6, 15, 28, '2026-11-25', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:38:00+00'),
	(294, 7, 6, 15, 133, '2026-11-25', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:38:00+00'),
	(295, 7, 6, 15, 31, '2026-12-02', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:38:00+00'),
	(296, 7, 6, 15, 136, '2026-12-02', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:38:00+00'),
	(297, 7, 6, 15, 34, '2026-12-09', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:38:00+00'),
	(298, 7, 6, 15, 139, '2026-12-09', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:38:00+00'),
	(299, 8, 6, 17, 673, '2026-11-23', 'confirmed', NULL, 250, 'missing', '2026-11-12 18:39:00+00'),
	(300, 8, 6, 16, 29, '2026-11-25', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(301, 8, 6, 16, 134, '2026-11-25', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:39:00+00'),
	(302, 8, 6, 16, 239, '2026-11-25', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(303, 8, 6, 17, 677, '2026-11-26', 'confirmed', NULL, 250, 'missing', '2026-11-12 18:39:00+00'),
	(304, 8, 6, 17, 681, '2026-11-30', 'confirmed', NULL, 250, 'missing', '2026-11-12 18:39:00+00'),
	(305, 8, 6, 16, 32, '2026-12-02', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(306, 8, 6, 16, 137, '2026-12-02', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:39:00+00'),
	(307, 8, 6, 16, 242, '2026-12-02', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(308, 8, 6, 17, 685, '2026-12-03', 'confirmed', NULL, 250, 'missing', '2026-11-12 18:39:00+00'),
	(309, 8, 6, 17, 689, '2026-12-07', 'confirmed', NULL, 250, 'missing', '2026-11-12 18:39:00+00'),
	(310, 8, 6, 16, 35, '2026-12-09', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(311, 8, 6, 16, 140, '2026-12-09', 'confirmed', NULL, 480, 'missing', '2026-11-12 18:39:00+00'),
	(312, 8, 6, 16, 245, '2026-12-09', 'confirmed', NULL, 530, 'missing', '2026-11-12 18:39:00+00'),
	(398, 1, 1, 2, 697, '2026-12-14', 'confirmed', NULL, 150, 'verified', '2026-11-19 18:31:00+00'),
	(399, 1, 1, 2, 699, '2026-12-15', 'confirmed', NULL, 150, 'verified', '2026-11-19 18:31:00+00'),
	(400, 1, 1, 1, 39, '2026-12-16', 'confirmed', NULL, 320, 'verified', '2026-11-19 18:31:00+00'),
	(401, 1, 1, 1, 144, '2026-12-16', 'confirmed', NULL, 340, 'verified', '2026-11-19 18:31:00+00'),
	(402, 1, 1, 1, 249, '2026-12-16', 'confirmed', NULL, 320, 'verified', '2026-11-19 18:31:00+00'),
	(403, 1, 1, 2, 701, '2026-12-17', 'confirmed', NULL, 150, 'verified', '2026-11-19 18:31:00+00'),
	(404, 1, 1, 3, 892, '2026-12-21', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(405, 1, 1, 3, 894, '2026-12-22', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(406, 1, 1, 3, 896, '2026-12-23', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(407, 1, 1, 3, 900, '2026-12-28', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(408, 1, 1, 3, 902, '2026-12-29', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(409, 1, 1, 3, 904, '2026-12-30', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(410, 1, 1, 3, 906, '2026-12-31', 'confirmed', NULL, 700, 'verified', '2026-11-19 18:31:00+00'),
	(411, 2, 1, 5, 419, '2026-12-14', 'confirmed', NULL, 120, 'verified', '2026-11-19 18:32:00+00'),
	(412, 2, 1, 5, 697, '2026-12-14', 'confirmed', NULL, 150, 'verified', '2026-11-19 18:32:00+00'),
	(413, 2, 1, 4, 38, '2026-12-16', 'confirmed', NULL, 320, 'verified', '2026-11-19 18:32:00+00'),
	(414, 2, 1, 4, 143, '2026-12-16', 'confirmed', NULL, 340, 'verified', '2026-11-19 18:32:00+00'),
	(415, 2, 1, 5, 423, '2026-12-17', 'confirmed', NULL, 120, 'verified', '2026-11-19 18:32:00+00'),
	(416, 2, 1, 5, 701, '2026-12-17', 'confirmed', NULL, 150, 'verified', '2026-11-19 18:32:00+00'),
	(436, 7, 6, 15, 37, '2026-12-16', 'confirmed', NULL, 530, 'missing', '2026-11-19 18:38:00+00'),
	(437, 7, 6, 15, 142, '2026-12-16', 'confirmed', NULL, 480, 'missing', '2026-11-19 18:38:00+00'),
	(438, 8, 6, 17, 697, '2026-12-14', 'confirmed', NULL, 250, 'missing', '2026-11-19 18:39:00+00'),
	(439, 8, 6, 16, 38, '2026-12-16', 'confirmed', NULL, 530, 'missing', '2026-11-19 18:39:00+00'),
	(440, 8, 6, 16, 143, '2026-12-16', 'confirmed', NULL, 480, 'missing', '2026-11-19 18:39:00+00'),
	(441, 8, 6, 16, 248, '2026-12-16', 'confirmed', NULL, 530, 'missing', '2026-11-19 18:39:00+00');
INSERT INTO public.booking_event VALUES
	(1, 1, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(2, 2, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(3, 3, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(4, 4, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(5, 5, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(6, 6, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(7, 7, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(8, 8, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(9, 9, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(10, 10, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(11, 11, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(12, 12, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(13, 13, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(14, 14, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(15, 15, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(16, 16, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(17, 17, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(18, 18, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(19, 19, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(20, 20, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(21, 21, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:31:00+00'),
	(22, 22, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(23, 23, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(24, 24, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(25, 25, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(26, 26, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(27, 27, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(28, 28, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(29, 29, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(30, 30, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(31, 31, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(32, 32, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(33, 33, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(34, 34, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(35, 35, NULL, 'confirmed', 'parent', 5, NULL, '2026-10-14 17:32:00+00'),
	(72, 72, NULL, 'confirmed', 'parent', 8, NULL, '2026-10-14 17:36:00+00'),
	(82, 82, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:38:00+00'),
	(83, 83, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:38:00+00'),
	(84, 84, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:38:00+00'),
	(85, 85, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:38:00+00'),
	(86, 86, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(87, 87, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(88, 88, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(89, 89, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(90, 90, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(91, 91, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(92, 92, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(93, 93, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(94, 94, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(95, 95, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(96, 96, NULL, 'confirmed', 'parent', 10, NULL, '2026-10-14 17:39:00+00'),
	(203, 203, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(204, 204, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(205, 205, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(206, 206, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(207, 207, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(208, 208, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(209, 209, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(210, 210, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(211, 211, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(212, 212, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(213, 213, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(214, 214, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(215, 215, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(216, 216, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(217, 217, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(218, 218, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(219, 219, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(220, 220, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(221, 221, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(222, 222, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:31:00+00'),
	(223, 223, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(224, 224, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(225, 225, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(226, 226, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(227, 227, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(228, 228, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(229, 229, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(230, 230, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(231, 231, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(232, 232, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(233, 233, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(234, 234, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(235, 235, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(236, 236, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(237, 237, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(238, 238, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-12 18:32:00+00'),
	(278, 278, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(279, 279, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(280, 280, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(281, 281, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(282, 282, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(283, 283, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(284, 284, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(285, 285, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(286, 286, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(287, 287, NULL, 'confirmed', 'parent', 8, NULL, '2026-11-12 18:36:00+00'),
	(293, 293, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(294, 294, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(295, 295, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(296, 296, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(297, 297, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(298, 298, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:38:00+00'),
	(299, 299, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(300, 300, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(301, 301, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(302, 302, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(303, 303, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(304, 304, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(305, 305, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(306, 306, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(307, 307, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(308, 308, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(309, 309, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(310, 310, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(311, 311, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(312, 312, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-12 18:39:00+00'),
	(398, 398, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(399, 399, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(400, 400, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(401, 401, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(402, 402, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(403, 403, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(404, 404, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(405, 405, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(406, 406, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(407, 407, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(408, 408, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(409, 409, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(410, 410, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:31:00+00'),
	(411, 411, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(412, 412, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(413, 413, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(414, 414, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(415, 415, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(416, 416, NULL, 'confirmed', 'parent', 5, NULL, '2026-11-19 18:32:00+00'),
	(436, 436, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:38:00+00'),
	(437, 437, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:38:00+00'),
	(438, 438, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:39:00+00'),
	(439, 439, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:39:00+00'),
	(440, 440, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:39:00+00'),
	(441, 441, NULL, 'confirmed', 'parent', 10, NULL, '2026-11-19 18:39:00+00'),
	(504, 235, 'confirmed', 'cancelled', 'parent', 5, NULL, '2026-11-20 20:00:00+00'),
	(505, 236, 'confirmed', 'cancelled', 'parent', 5, NULL, '2026-11-20 20:00:00+00');
INSERT INTO public.capacity_counter VALUES
	(15, 1, '2026-11-04', 13, 3),
	(16, 4, '2026-11-04', 5, 1),
	(17, 1, '2026-11-18', 13, 4),
	(18, 4, '2026-11-18', 5, 1),
	(19, 1, '2026-11-25', 13, 5),
	(20, 4, '2026-11-25', 5, 1),
	(21, 1, '2026-12-02', 13, 4),
	(22, 4, '2026-12-02', 5, 1),
	(23, 1, '2026-12-09', 13, 4),
	(24, 4, '2026-12-09', 5, 1),
	(25, 1, '2026-12-16', 13, 4),
	(26, 4, '2026-12-16', 5, 1),
	(78, 3, '2026-11-04', 13, 3),
	(79, 3, '2026-11-18', 13, 4),
	(80, 3, '2026-11-25', 13, 5),
	(81, 3, '2026-12-02', 13, 4),
	(82, 3, '2026-12-09', 13, 4),
	(83, 3, '2026-12-16', 13, 4),
	(113, 2, '2026-11-04', 12, 1),
	(114, 2, '2026-11-18', 12, 2),
	(115, 2, '2026-11-25', 12, 3),
	(116, 2, '2026-12-02', 12, 2),
	(117, 2, '2026-12-09', 12, 3),
	(118, 2, '2026-12-16', 12, 2),
	(168, 5, '2026-11-02', 28, 1),
	(169, 5, '2026-11-03', 28, 0),
	(170, 5, '2026-11-05', 28, 1),
	(171, 5, '2026-11-06', 28, 0),
	(172, 5, '2026-11-09', 28, 1),
	(173, 5, '2026-11-10', 28, 0),
	(174, 5, '2026-11-12', 28, 1),
	(175, 5, '2026-11-13', 28, 0),
	(176, 5, '2026-11-16', 28, 0),
	(177, 5, '2026-11-17', 28, 0),
	(178, 5, '2026-11-19', 28, 1),
	(179, 5, '2026-11-20', 28, 0),
	(180, 5, '2026-11-23', 28, 1),
	(181, 5, '2026-11-24', 28, 0),
	(182, 5, '2026-11-26', 28, 1),
	(183, 5, '2026-11-27', 28, 0),
	(184, 5, '2026-11-30', 28, 1),
	(185, 5, '2026-12-01', 28, 0),
	(186, 5, '2026-12-03', 28, 1),
	(187, 5, '2026-12-04', 28, 0),
	(188, 5, '2026-12-07', 28, 0),
	(189, 5, '2026-12-08', 28, 0),
	(190, 5, '2026-12-10', 28, 1),
	(191, 5, '2026-12-11', 28, 0),
	(192, 5, '2026-12-14', 28, 1),
	(193, 5, '2026-12-15', 28, 0),
	(194, 5, '2026-12-17', 28, 1),
	(307, 6, '2026-11-02', 28, 3),
	(308, 6, '2026-11-03', 28, 1),
	(309, 6, '2026-11-05', 28, 3),
	(310, 6, '2026-11-06', 28, 1),
	(311, 6, '2026-11-09', 28, 3),
	(312, 6, '2026-11-10', 28, 2),
	(313, 6, '2026-11-12', 28, 3),
	(314, 6, '2026-11-13', 28, 1),
	(315, 6, '2026-11-16', 28, 2),
	(316, 6, '2026-11-17', 28, 1),
	(317, 6, '2026-11-19', 28, 2),
	(318, 6, '2026-11-20', 28, 1),
	(319, 6, '2026-11-23', 28, 4),
	(320, 6, '2026-11-24', 28, 2),
	(321, 6, '2026-11-26', 28, 3),
	(322, 6, '2026-11-27', 28, 1),
	(323, 6, '2026-11-30', 28, 3),
	(324, 6, '2026-12-01', 28, 1),
	(325, 6, '2026-12-03', 28, 3),
	(326, 6, '2026-12-04', 28, 1),
	(327, 6, '2026-12-07', 28, 3),
	(328, 6, '2026-12-08', 28, 2),
	(329, 6, '2026-12-10', 28, 1),
	(330, 6, '2026-12-11', 28, 1),
	(331, 6, '2026-12-14', 28, 3),
	(332, 6, '2026-12-15', 28, 1),
	(333, 6, '2026-12-17', 28, 2),
	(429, 7, '2026-10-26', 8, 1),
	(430, 8, '2026-10-26', 8, 0),
	(431, 7, '2026-10-27', 8, 1),
	(432, 8, '2026-10-27', 8, 0),
	(433, 7, '2026-10-28', 8, 1),
	(434, 8, '2026-10-28', 8, 0),
	(435, 7, '2026-10-29', 8, 1),
	(436, 8, '2026-10-29', 8, 0),
	(437, 7, '2026-10-30', 8, 1),
	(438, 8, '2026-10-30', 8, 0),
	(439, 7, '2026-12-21', 8, 1),
	(440, 8, '2026-12-21', 8, 0),
	(441, 7, '2026-12-22', 8, 1),
	(442, 8, '2026-12-22', 8, 0),
	(443, 7, '2026-12-23', 8, 1),
	(444, 8, '2026-12-23', 8, 0),
	(447, 7, '2026-12-28', 8, 1),
	(448, 8, '2026-12-28', 8, 0),
	(449, 7, '2026-12-29', 8, 1),
	(450, 8, '2026-12-29', 8, 0),
	(451, 7, '2026-12-30', 8, 1),
	(452, 8, '2026-12-30', 8, 0),
	(453, 7, '2026-12-31', 8, 1),
	(454, 8, '2026-12-31', 8, 0),
	(580, 9, '2026-10-30', 12, 1);
INSERT INTO public.capacity_scope VALUES
	(1, 'Mercredi matin', 13),
	(2, 'Mercredi après-midi', 12),
	(3, 'Repas du mercredi', 13),
	(4, 'Petits du mercredi', 5),
	(5, 'Accueil du matin', 28),
	(6, 'Accueil du soir', 28),
	(7, 'CAJ 11–13 ans', 8),
	(8, 'CAJ 14–17 ans', 8),
	(9, 'Veillée', 12);
INSERT INTO public.capacity_scope_group VALUES
	(1, 1),
	(1, 2),
	(1, 3),
	(2, 1),
	(2, 2),
	(2, 3),
	(3, 1),
	(3, 2),
	(3, 3),
	(4, 1),
	(5, 4),
	(5, 5),
	(6, 4),
	(6, 5),
	(7, 6),
	(8, 7),
	(9, 6),
	(9, 7);
INSERT INTO public.capacity_scope_unit VALUES
	(1, 1),
	(2, 3),
	(3, 2),
	(4, 1),
	(4, 3),
	(5, 4),
	(6, 5),
	(7, 6),
	(8, 6),
	(9, 7);
INSERT INTO public.child VALUES
	(1, '2015-06-04', '2026-10-01 10:30:00+00', 'TEST', 'Léa', 'test lea'),
	(2, '2020-02-27', '2026-10-01 10:30:00+00', 'TEST', 'Hugo', 'test hugo'),
	(3, '2019-03-08', '2026-10-01 10:31:00+00', 'BERNARD', 'Jules', 'bernard jules'),
	(4, '2022-04-28', '2026-10-01 10:31:00+00', 'BERNARD', 'Alice', 'bernard alice'),
	(5, '2016-03-10', '2026-10-01 10:32:00+00', 'LEFÈVRE', 'Manon', 'lefevre manon'),
	(6, '2018-04-28', '2026-10-01 10:33:00+00', 'MOREAU', 'Noé', 'moreau noe'),
	(7, '2021-03-04', '2026-10-01 10:35:00+00', 'DUBOIS', 'Tom', 'dubois tom'),
	(8, '2018-03-21', '2026-10-01 10:35:00+00', 'DUBOIS', 'Zoé', 'dubois zoe'),
	(9, '2014-04-18', '2026-10-01 10:36:00+00', 'FONTAINE', 'Nina', 'fontaine nina'),
	(10, '2011-06-26', '2026-10-01 10:36:00+00', 'FONTAINE', 'Lucas', 'fontaine lucas'),
	(11, '2020-08-17', '2026-10-01 10:37:00+00', 'GARNIER', 'Sofia', 'garnier sofia'),
	(12, '2015-02-11', '2026-10-01 10:37:00+00', 'GARNIER', 'Ilyes', 'garnier ilyes'),
	(13, '2017-05-31', '2026-10-01 10:38:00+00', 'ROUSSEL', 'Emma', 'roussel emma'),
	(14, '2022-08-15', '2026-10-01 10:39:00+00', 'CARON', 'Maël', 'caron mael'),
	(15, '2019-04-17', '2026-10-01 10:39:00+00', 'CARON', 'Jade', 'caron jade'),
	(16, '2016-08-03', '2026-10-01 10:40:00+00', 'LEMAIRE', 'Louis', 'lemaire louis'),
	(17, '2021-05-21', '2026-10-01 10:40:00+00', 'LEMAIRE', 'Rose', 'lemaire rose'),
	(18, '2018-02-21', '2026-10-01 10:41:00+00', 'DELATTRE', 'Gabriel', 'delattre gabriel'),
	(19, '2013-06-26', '2026-10-01 10:42:00+00', 'MERCIER', 'Chloé', 'mercier chloe'),
	(20, '2015-05-10', '2026-10-01 10:42:00+00', 'MERCIER', 'Arthur', 'mercier arthur');
INSERT INTO public.combination_rule VALUES
	(1, 2);
INSERT INTO public.combination_rule_unit VALUES
	(1, 1),
	(1, 3);
INSERT INTO public.commune VALUES
	('80010', 'Ailly-sur-Noye', 'ailly sur noye'),
	('80131', 'Boves', 'boves'),
	('80213', 'Cottenchy', 'cottenchy'),
	('80236', 'Davenescourt', 'davenescourt'),
	('80237', 'Démuin', 'demuin'),
	('80242', 'Domart-sur-la-Luce', 'domart sur la luce'),
	('80414', 'Hangard', 'hangard'),
	('80452', 'Jumel', 'jumel'),
	('80545', 'Mézières-en-Santerre', 'mezieres en santerre'),
	('80561', 'Montdidier', 'montdidier'),
	('80570', 'Moreuil', 'moreuil'),
	('80571', 'Morisel', 'morisel'),
	('80657', 'Quiry-le-Sec', 'quiry le sec'),
	('80751', 'Thennes', 'thennes');
INSERT INTO public.commune_postal_code VALUES
	('80010', '80250'),
	('80131', '80440'),
	('80213', '80440'),
	('80236', '80500'),
	('80237', '80110'),
	('80242', '80110'),
	('80414', '80110'),
	('80452', '80250'),
	('80545', '80110'),
	('80561', '80500'),
	('80570', '80110'),
	('80571', '80110'),
	('80657', '80250'),
	('80751', '80110');
INSERT INTO public.consent VALUES
	(1, 1, 1, '2026-09-26 16:40:00+00'),
	(2, 2, 1, '2026-09-26 16:41:00+00'),
	(3, 3, 1, '2026-09-26 16:42:00+00'),
	(4, 4, 1, '2026-09-26 16:43:00+00'),
	(5, 5, 1, '2026-09-27 16:44:00+00'),
	(6, 6, 1, '2026-09-27 16:45:00+00'),
	(7, 7, 1, '2026-09-27 16:46:00+00'),
	(8, 8, 1, '2026-09-27 16:47:00+00'),
	(9, 9, 1, '2026-09-28 16:48:00+00'),
	(10, 10, 1, '2026-09-28 16:49:00+00'),
	(11, 11, 1, '2026-09-28 16:50:00+00'),
	(12, 12, 1, '2026-09-28 16:51:00+00'),
	(13, 13, 1, '2026-09-29 16:52:00+00'),
	(14, 14, 1, '2026-11-22 11:30:00+00'),
	(15, 15, 1, '2026-11-23 04:30:00+00');
INSERT INTO public.consent_text VALUES
	(1, 'Nous recueillons ces informations pour ouvrir votre compte, inscrire vos enfants, les accueillir et vous facturer. Ce traitement repose sur votre consentement. Seuls les agents de « Communauté de communes de démonstration » chargés de l’enfance, de la jeunesse et de la facturation y ont accès ; rien n’est vendu ni transmis à d’autres fins. Votre dossier est conservé cinq ans après votre dernière activité, puis effacé.
Vous pouvez à tout moment consulter vos données, les corriger, en demander une copie ou l’effacement, limiter leur usage ou vous y opposer, et retirer votre consentement, en écrivant à dpo@example.org. Si vous estimez, après nous avoir écrit, que vos droits ne sont pas respectés, vous pouvez saisir la CNIL (www.cnil.fr).', '2026-09-01');
INSERT INTO public.council VALUES
	(1, 'Communauté de communes de démonstration', 'B', '144 rue du Cardinal Mercier, 80110 Moreuil', 'contact@example.org', '+33353010000', 'dpo@example.org', true, 20);
INSERT INTO public.enrolment VALUES
	(1, 1, 1, 1, 3, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:10:00+00', 5, '2026-10-08 08:15:00+00', 1, NULL),
	(2, 1, 1, 2, 5, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:11:00+00', 5, '2026-10-08 08:15:00+00', 1, NULL),
	(3, 1, 1, 3, 6, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:12:00+00', 5, '2026-10-08 08:15:00+00', 1, NULL),
	(4, 2, 1, 1, 2, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:13:00+00', 5, '2026-10-08 08:15:00+00', 1, NULL),
	(5, 2, 1, 2, 5, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:14:00+00', 5, '2026-10-08 08:15:00+00', 1, NULL),
	(11, 6, 4, 1, 2, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:20:00+00', 8, '2026-10-08 08:15:00+00', 1, NULL),
	(12, 6, 4, 2, 5, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:21:00+00', 8, '2026-10-08 08:15:00+00', 1, NULL),
	(15, 7, 6, 1, 1, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:24:00+00', 10, '2026-10-08 08:15:00+00', 1, NULL),
	(16, 8, 6, 1, 2, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:25:00+00', 10, '2026-10-08 08:15:00+00', 1, NULL),
	(17, 8, 6, 2, 5, '2026-10-06', '2027-08-31', 'accepted', '2026-10-06 18:26:00+00', 10, '2026-10-08 08:15:00+00', 1, NULL);
INSERT INTO public.family VALUES
	(1, 'active', '+33300000000', '+33600000000', 'general', 'gAAAAABrA4JM8_FhlV2B0NiXS393aBhFwRXele6BEu6giwWAtkidx6ptd2jXYnjaT24DdS17vIaUc6cNyMGPJPwrL66PMGk2Sw==', 'TEST Fabrice', '2026-09-26 16:40:00+00', '2026-10-01 07:00:00+00', 1, NULL, 'TEST', 'Fabrice', 'test fabrice'),
	(2, 'active', NULL, '+33639980001', 'general', 'gAAAAABrA4JMN_tDf3YfzlmloZUVkdIA-E_vorXFfHD-jdytkBQWOYwnBceIoPUjLdBOW0eZeBT05k63xWhO1FKif9sbiMAQxA==', 'BERNARD Claire', '2026-09-26 16:41:00+00', '2026-10-01 07:01:00+00', 1, NULL, 'BERNARD', 'Claire', 'bernard claire'),
	(3, 'active', NULL, '+33639980002', 'general', 'gAAAAABrA4JMBO0mQiTPi4dTQwfqRos-Q7rfoztzFgmhdfho7z-6PJhRxn0ZudBhXSArnSb0EVeNjuPA_oxizeve0JYJGoIpcQ==', 'LEFÈVRE Thomas', '2026-09-26 16:42:00+00', '2026-10-01 07:02:00+00', 1, NULL, 'LEFÈVRE', 'Thomas', 'lefevre thomas'),
	(4, 'active', NULL, '+33639980003', 'general', 'gAAAAABrA4JMiRNJW5uboQxkJS4IjkgIqkdvuuWgYZm81jFGcBDss_0IKxMkItI-doU6Tvyd4raRPmd5lYB_luFUMt0JKEUOHw==', 'MOREAU Julie', '2026-09-26 16:43:00+00', '2026-10-01 07:03:00+00', 1, NULL, 'MOREAU', 'Julie', 'moreau julie'),
	(5, 'active', NULL, '+33639980004', 'general', 'gAAAAABrA4JM2NolUpa6Ib85IWSS6azYzLh4KJiQ4UcQhgp-JHhA6xTmS8cUDw68eCgMTpJlPdg7rkJ05c2-ttBk862Pi510NA==', 'PETIT Karim', '2026-09-27 16:44:00+00', '2026-10-01 07:04:00+00', 1, NULL, 'PETIT', 'Karim', 'petit karim'),
	(6, 'active', NULL, '+33639980005', 'general', NULL, NULL, '2026-09-27 16:45:00+00', '2026-10-01 07:05:00+00', 1, NULL, 'DUBOIS', 'Sandrine', 'dubois sandrine'),
	(7, 'active', NULL, '+33639980006', 'general', 'gAAAAABrA4JM0RQXVBWW9arTCGCQiJ8H94YFgshIqjg5MG6ImFQpXDyU643nU7R_sGKT3eU3mzNXXEqjCw2ukubV-oB391ljOQ==', 'FONTAINE Mathieu', '2026-09-27 16:46:00+00', '2026-10-01 07:06:00+00', 1, NULL, 'FONTAINE', 'Mathieu', 'fontaine mathieu'),
	(8, 'active', NULL, '+33639980007', 'general', 'gAAAAABrA4JMQEsOkGp7KbyiCArL5IQgtA52bWwF6vgOjCHG9hvrmIY_pXlb66V3pwti7pjyoMQjHAhxBrUlpnzZE2SirxiHPQ==', 'GARNIER Aïcha', '2026-09-27 16:47:00+00', '2026-10-01 07:07:00+00', 1, NULL, 'GARNIER', 'Aïcha', 'garnier aicha'),
	(9, 'active', NULL, '+33639980008', 'general', 'gAAAAABrA4JM31P9eOA_sBKcgUI6qUygRFv60eiu916DMCSHJ91C0GQ5RORMFhacXbWV8s_TmwOuikVUWphQNJEWaDfNuecSKA==', 'ROUSSEL Nicolas', '2026-09-28 16:48:00+00', '2026-10-01 07:08:00+00', 1, NULL, 'ROUSSEL', 'Nicolas', 'roussel nicolas'),
	(10, 'active', NULL, '+33639980009', 'general', 'gAAAAABrA4JMwakpaEdjQPpXO79ga-qw_qCNPSnJuc4y27-YJ7mCfc6EGRlsN1ruOhSE0ELiTkYFTjjwPg2_DFsNH_p2QXitBA==', 'CARON Élodie', '2026-09-28 16:49:00+00', '2026-10-01 07:09:00+00', 1, NULL, 'CARON', 'Élodie', 'caron elodie'),
	(11, 'active', '+33353010001', NULL, 'agricultural', 'gAAAAABrA4JMioVbKXsuQZoozpr-qr7f7Oi89On2jTusEUJseHD0L2cbSBnf9Cr3_3PEC26E19JxLkxRDHskVDr4Yn276OoUNA==', 'LEMAIRE Stéphane', '2026-09-28 16:50:00+00', '2026-10-01 07:10:00+00', 1, NULL, 'LEMAIRE', 'Stéphane', 'lemaire stephane'),
	(12, 'active', NULL, '+33639980010', 'general', 'gAAAAABrA4JMppQBWFacz-MdTzhWfwK3CkCzeSPFiM8vlDZj6yhLfG5x3ddNbARIdExXuxMtBMqzQEYFY7of4CU_1uSw45y_jQ==', 'DELATTRE Inès', '2026-09-28 16:51:00+00', '2026-10-01 07:11:00+00', 1, NULL, 'DELATTRE', 'Inès', 'delattre ines'),
	(13, 'active', NULL, '+33639980011', 'other', NULL, NULL, '2026-09-29 16:52:00+00', '2026-10-01 07:12:00+00', 1, NULL, 'MERCIER', 'Paul', 'mercier paul'),
	(14, 'pending', NULL, NULL, NULL, NULL, NULL, '2026-11-22 11:30:00+00', NULL, NULL, NULL, 'WATTEL', 'Amandine', 'wattel amandine'),
	(15, 'pending', NULL, NULL, NULL, NULL, NULL, '2026-11-23 04:30:00+00', NULL, NULL, NULL, 'HECQUET', 'Rémi', 'hecquet remi');
INSERT INTO public.family_address VALUES
	(1, 1, '2026-09-26', '12', '', 'Rue des Tilleuls', '', '80110', 'Démuin', '80237'),
	(2, 2, '2026-09-26', '4', '', 'Rue du Moulin', '', '80110', 'Moreuil', '80570'),
	(3, 3, '2026-09-26', '27', '', 'Rue de l’Église', '', '80110', 'Hangard', '80414'),
	(4, 4, '2026-09-26', '9', '', 'Rue des Écoles', '', '80250', 'Ailly-sur-Noye', '80010'),
	(5, 5, '2026-09-27', '2', 'bis', 'Impasse des Saules', '', '80110', 'Morisel', '80571'),
	(6, 6, '2026-09-27', '15', '', 'Grande Rue', '', '80250', 'Jumel', '80452'),
	(7, 7, '2026-09-27', '31', '', 'Rue de Verdun', '', '80500', 'Montdidier', '80561'),
	(8, 8, '2026-09-27', '6', '', 'Rue du Château', '', '80110', 'Thennes', '80751'),
	(9, 9, '2026-09-28', '18', '', 'Rue de la Gare', '', '80440', 'Boves', '80131'),
	(10, 10, '2026-09-28', '3', '', 'Chemin du Marais', '', '80110', 'Domart-sur-la-Luce', '80242'),
	(11, 11, '2026-09-28', '', '', 'Ferme du Bois', '', '80250', 'Quiry-le-Sec', '80657'),
	(12, 12, '2026-09-28', '22', '', 'Rue Pasteur', 'Appartement 4', '80500', 'Davenescourt', '80236'),
	(13, 13, '2026-09-29', '11', '', 'Rue du 8 Mai', '', '80110', 'Mézières-en-Santerre', '80545'),
	(14, 14, '2026-11-22', '7', '', 'Rue des Jardins', '', '80110', 'Moreuil', '80570'),
	(15, 15, '2026-11-23', '40', '', 'Route d’Amiens', '', '80440', 'Cottenchy', '80213');
INSERT INTO public.family_child VALUES
	(1, 1),
	(1, 2),
	(2, 3),
	(2, 4),
	(3, 5),
	(4, 6),
	(5, 6),
	(6, 7),
	(6, 8),
	(7, 9),
	(7, 10),
	(8, 11),
	(8, 12),
	(9, 13),
	(10, 14),
	(10, 15),
	(11, 16),
	(11, 17),
	(12, 18),
	(13, 19),
	(13, 20);
INSERT INTO public.family_quotient VALUES
	(1, 1, 62000, '2026-01-01', NULL, '2026-10-01 10:30:00+00', 1, '2026-10-01 10:30:00+00'),
	(2, 2, 41000, '2026-01-01', NULL, '2026-10-01 10:31:00+00', 1, '2026-10-01 10:31:00+00'),
	(3, 3, 89000, '2026-01-01', NULL, '2026-10-01 10:32:00+00', 1, '2026-10-01 10:32:00+00'),
	(4, 4, 54000, '2026-01-01', NULL, '2026-10-01 10:33:00+00', 1, '2026-10-01 10:33:00+00'),
	(5, 5, 98000, '2026-01-01', NULL, '2026-10-01 10:34:00+00', 1, '2026-10-01 10:34:00+00'),
	(6, 7, 73000, '2026-01-01', NULL, '2026-10-01 10:36:00+00', 1, '2026-10-01 10:36:00+00'),
	(7, 8, 32000, '2026-01-01', NULL, '2026-10-01 10:37:00+00', 1, '2026-10-01 10:37:00+00'),
	(8, 9, 124000, '2026-01-01', NULL, '2026-10-01 10:38:00+00', 1, '2026-10-01 10:38:00+00'),
	(9, 10, 50500, '2026-01-01', NULL, NULL, NULL, '2026-10-01 10:39:00+00'),
	(10, 11, 68000, '2026-01-01', NULL, '2026-10-01 10:40:00+00', 1, '2026-10-01 10:40:00+00'),
	(11, 12, 45000, '2026-01-01', NULL, '2026-10-01 10:41:00+00', 1, '2026-10-01 10:41:00+00'),
	(12, 13, 108000, '2026-01-01', NULL, '2026-10-01 10:42:00+00', 1, '2026-10-01 10:42:00+00');
INSERT INTO public.guardian VALUES
	(1, 1, 5, 'mister', 'parent@example.org', 'TEST', 'Fabrice', 'test fabrice'),
	(2, 2, 6, 'madam', 'claire.bernard@example.org', 'BERNARD', 'Claire', 'bernard claire'),
	(3, 3, 7, 'mister', 'thomas.lefevre@example.org', 'LEFÈVRE', 'Thomas', 'lefevre thomas'),
	(4, 4, 8, 'madam', 'julie.moreau@example.org', 'MOREAU', 'Julie', 'moreau julie'),
	(5, 5, 9, 'mister', 'karim.petit@example.org', 'PETIT', 'Karim', 'petit karim'),
	(6, 6, 10, 'madam', 'sandrine.dubois@example.org', 'DUBOIS', 'Sandrine', 'dubois sandrine'),
	(7, 7, 11, 'mister', 'mathieu.fontaine@example.org', 'FONTAINE', 'Mathieu', 'fontaine mathieu'),
	(8, 8, 12, 'madam', 'aicha.garnier@example.org', 'GARNIER', 'Aïcha', 'garnier aicha'),
	(9, 9, 13, 'mister', 'nicolas.roussel@example.org', 'ROUSSEL', 'Nicolas', 'roussel nicolas'),
	(10, 10, 14, 'madam', 'elodie.caron@example.org', 'CARON', 'Élodie', 'caron elodie'),
	(11, 11, 15, 'mister', 'stephane.lemaire@example.org', 'LEMAIRE', 'Stéphane', 'lemaire stephane'),
	(12, 12, 16, 'madam', 'ines.delattre@example.org', 'DELATTRE', 'Inès', 'delattre ines'),
	(13, 13, 17, 'mister', 'paul.mercier@example.org', 'MERCIER', 'Paul', 'mercier paul'),
	(14, 1, NULL, 'madam', 'sophie.test@example.org', 'TEST', 'Sophie', 'test sophie'),
	(15, 14, NULL, 'madam', 'amandine.wattel@example.org', 'WATTEL', 'Amandine', 'wattel amandine'),
	(16, 15, NULL, 'mister', 'remi.hecquet@example.org', 'HECQUET', 'Rémi', 'hecquet remi');
INSERT INTO public.installation VALUES
	(1, 'gAAAAABrA4I3m3A_bb3fZWQypX4A67Dw14txt9zi8SqmVOYGCyPjdtR1vaJYJT4RZUXXC1pcLi3EhqDv24-8PHU2tWxy7r4BGg==');
INSERT INTO public.office VALUES
	(1, 'pop', 'Service périscolaire', '012345'),
	(2, 'AN', 'Service des accueils de loisirs', '012345'),
	(3, 'caj', 'Centre animation jeunesse', '067890');
INSERT INTO public.opening VALUES
	(22, 1, 1, '2026-11-04', true, NULL),
	(23, 1, 2, '2026-11-04', true, NULL),
	(25, 1, 1, '2026-11-18', true, NULL),
	(26, 1, 2, '2026-11-18', true, NULL),
	(27, 1, 3, '2026-11-18', true, NULL),
	(28, 1, 1, '2026-11-25', true, NULL),
	(29, 1, 2, '2026-11-25', true, NULL),
	(30, 1, 3, '2026-11-25', true, NULL),
	(31, 1, 1, '2026-12-02', true, NULL),
	(32, 1, 2, '2026-12-02', true, NULL),
	(33, 1, 3, '2026-12-02', true, NULL),
	(34, 1, 1, '2026-12-09', true, NULL),
	(35, 1, 2, '2026-12-09', true, NULL),
	(36, 1, 3, '2026-12-09', true, NULL),
	(37, 1, 1, '2026-12-16', true, NULL),
	(38, 1, 2, '2026-12-16', true, NULL),
	(39, 1, 3, '2026-12-16', true, NULL),
	(127, 2, 1, '2026-11-04', true, NULL),
	(128, 2, 2, '2026-11-04', true, NULL),
	(130, 2, 1, '2026-11-18', true, NULL),
	(131, 2, 2, '2026-11-18', true, NULL),
	(132, 2, 3, '2026-11-18', true, NULL),
	(133, 2, 1, '2026-11-25', true, NULL),
	(134, 2, 2, '2026-11-25', true, NULL),
	(135, 2, 3, '2026-11-25', true, NULL),
	(136, 2, 1, '2026-12-02', true, NULL),
	(137, 2, 2, '2026-12-02', true, NULL),
	(138, 2, 3, '2026-12-02', true, NULL),
	(139, 2, 1, '2026-12-09', true, NULL),
	(140, 2, 2, '2026-12-09', true, NULL),
	(141, 2, 3, '2026-12-09', true, NULL),
	(142, 2, 1, '2026-12-16', true, NULL),
	(143, 2, 2, '2026-12-16', true, NULL),
	(144, 2, 3, '2026-12-16', true, NULL),
	(233, 3, 2, '2026-11-04', true, NULL),
	(236, 3, 2, '2026-11-18', true, NULL),
	(237, 3, 3, '2026-11-18', true, NULL),
	(239, 3, 2, '2026-11-25', true, NULL),
	(240, 3, 3, '2026-11-25', true, NULL),
	(242, 3, 2, '2026-12-02', true, NULL),
	(243, 3, 3, '2026-12-02', true, NULL),
	(245, 3, 2, '2026-12-09', true, NULL),
	(246, 3, 3, '2026-12-09', true, NULL),
	(248, 3, 2, '2026-12-16', true, NULL),
	(249, 3, 3, '2026-12-16', true, NULL),
	(371, 4, 5, '2026-11-02', true, NULL),
	(375, 4, 5, '2026-11-05', true, NULL),
	(379, 4, 5, '2026-11-09', true, NULL),
	(383, 4, 5, '2026-11-12', true, NULL),
	(391, 4, 5, '2026-11-19', true, NULL),
	(395, 4, 5, '2026-11-23', true, NULL),
	(399, 4, 5, '2026-11-26', true, NULL),
	(403, 4, 5, '2026-11-30', true, NULL),
	(407, 4, 5, '2026-12-03', true, NULL),
	(415, 4, 5, '2026-12-10', true, NULL),
	(419, 4, 5, '2026-12-14', true, NULL),
	(423, 4, 5, '2026-12-17', true, NULL),
	(649, 5, 5, '2026-11-02', true, NULL),
	(651, 5, 5, '2026-11-03', true, NULL),
	(653, 5, 5, '2026-11-05', true, NULL),
	(655, 5, 5, '2026-11-06', true, NULL),
	(657, 5, 5, '2026-11-09', true, NULL),
	(659, 5, 5, '2026-11-10', true, NULL),
	(661, 5, 5, '2026-11-12', true, NULL),
	(663, 5, 5, '2026-11-13', true, NULL),
	(665, 5, 5, '2026-11-16', true, NULL),
	(667, 5, 5, '2026-11-17', true, NULL),
	(669, 5, 5, '2026-11-19', true, NULL),
	(671, 5, 5, '2026-11-20', true, NULL),
	(673, 5, 5, '2026-11-23', true, NULL),
	(675, 5, 5, '2026-11-24', true, NULL),
	(677, 5, 5, '2026-11-26', true, NULL),
	(679, 5, 5, '2026-11-27', true, NULL),
	(681, 5, 5, '2026-11-30', true, NULL),
	(683, 5, 5, '2026-12-01', true, NULL),
	(685, 5, 5, '2026-12-03', true, NULL),
	(687, 5, 5, '2026-12-04', true, NULL),
	(689, 5, 5, '2026-12-07', true, NULL),
	(691, 5, 5, '2026-12-08', true, NULL),
	(693, 5, 5, '2026-12-10', true, NULL),
	(695, 5, 5, '2026-12-11', true, NULL),
	(697, 5, 5, '2026-12-14', true, NULL),
	(699, 5, 5, '2026-12-15', true, NULL),
	(701, 5, 5, '2026-12-17', true, NULL),
	(882, 6, 6, '2026-10-26', true, NULL),
	(884, 6, 6, '2026-10-27', true, NULL),
	(886, 6, 6, '2026-10-28', true, NULL),
	(888, 6, 6, '2026-10-29', true, NULL),
	(890, 6, 6, '2026-10-30', true, NULL),
	(892, 6, 6, '2026-12-21', true, NULL),
	(894, 6, 6, '2026-12-22', true, NULL),
	(896, 6, 6, '2026-12-23', true, NULL),
	(900, 6, 6, '2026-12-28', true, NULL),
	(902, 6, 6, '2026-12-29', true, NULL),
	(904, 6, 6, '2026-12-30', true, NULL),
	(906, 6, 6, '2026-12-31', true, NULL),
	(1034, 7, 6, '2026-10-30', true, NULL);
INSERT INTO public.outbox_mail VALUES
	(1, 'sign_up_received', 'parent@example.org', 'Votre demande de compte est bien arrivée', 'Bonjour,
Nous avons bien reçu la demande de compte de la famille TEST Fabrice sur l’Espace famille. Merci !
Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.
Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.
À bientôt,
Communauté de communes de démonstration
[[portail]]
', NULL, 1, 'sent', 0, '2026-09-26 16:40:00+00', NULL, '2026-09-26 16:40:00+00', '2026-10-01 10:42:00+00'),
	(2, 'sign_up_to_review', 'contact@example.org', 'Une demande de compte attend votre réponse', 'Bonjour,
La famille TEST Fabrice vient de demander un compte sur l’Espace famille. Sa demande vous attend dans « À traiter » :
[[portail]]/gestion/a-traiter
À bientôt,
Communauté de communes de démonstration
[[portail]]
', NULL, 1, 'sent', 0, '2026-09-26 16:40:00+00', NULL, '2026-09-26 16:41:00+00', '2026-10-01 10:42:00+00'),
	(3, 'sign_up_received', 'claire.bernard@example.org', 'Votre demande de compte est bien arrivée', 'Bonjour,
Nous avons bien reçu la demande de compte de la famille BERNARD Claire sur l’Espace famille. Merci !
Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.
Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.
À bientôt,
Communauté de communes de démonstration
[[portail]]
', NULL, 2, 'sent', 0, '2026-09-26 16:41:00+00', NULL, '2026-09-26 16:41:00+00', '2026-10-01 10:42:00+00'),
	(4, 'sign_up_to_review', 'contact@example.org', 'Une demande de compte attend votre réponse', 'Bonjour,
La famille BERNARD Claire vient de demander un compte sur l’Espace famille. Sa demande vous attend dans « À traiter » :
[[portail]]/gestion/a-traiter
À bientôt,
Communauté de communes de démonstration
[[portail]]
', NULL, 2, 'sent', 0, '2026-09-26 16:41:00+00', NULL, '2026-09-26 16:42:00+00', '2026-10-01 10:42:00+00'),
	(5, 'sign_up_received', 'thomas.lefevre@example.org', 'Votre demande de compte est bien arrivée', 'Bonjour,
Nous avons bien reçu la demande de compte de la famille LEFÈVRE Thomas sur l’Espace famille. Merci !
Nous la vérifions. Une fois votre compte validé, vous recevrez un autre courriel pour confirmer votre compte et choisir votre mot de passe. Vous n’avez rien à faire d’ici là.
Vous n’avez rien demandé ? Ignorez ce message, ou écrivez-nous à contact@example.org.
À bientôt,
Communauté de communes de démonstration
[[portail]]
', NULL, 3, 'sent', 0, '2026-09-26 16:42:00+00', NULL, '2026-09-26 16:42:00+00', '2026-10-01 10:42:00+00');
INSERT INTO public.public_holiday VALUES
	('2025-01-01', 'Jour de l’an'),
	('2025-04-21', 'Lundi de Pâques'),
	('2025-05-01', 'Fête du Travail'),
	('2025-05-08', 'Fête de la Victoire'),
	('2025-05-29', 'Ascension'),
	('2025-06-09', 'Lundi de Pentecôte'),
	('2025-07-14', 'Fête nationale'),
	('2025-08-15', 'Assomption'),
	('2025-11-01', 'Toussaint'),
	('2025-11-11', 'Armistice'),
	('2025-12-25', 'Noël'),
	('2026-01-01', 'Jour de l’an'),
	('2026-04-06', 'Lundi de Pâques'),
	('2026-05-01', 'Fête du Travail'),
	('2026-05-08', 'Fête de la Victoire'),
	('2026-05-14', 'Ascension'),
	('2026-05-25', 'Lundi de Pentecôte'),
	('2026-07-14', 'Fête nationale'),
	('2026-08-15', 'Assomption'),
	('2026-11-01', 'Toussaint'),
	('2026-11-11', 'Armistice'),
	('2026-12-25', 'Noël'),
	('2027-01-01', 'Jour de l’an'),
	('2027-03-29', 'Lundi de Pâques'),
	('2027-05-01', 'Fête du Travail'),
	('2027-05-06', 'Ascension'),
	('2027-05-08', 'Fête de la Victoire'),
	('2027-05-17', 'Lundi de Pentecôte'),
	('2027-07-14', 'Fête nationale'),
	('2027-08-15', 'Assomption'),
	('2027-11-01', 'Toussaint'),
	('2027-11-11', 'Armistice'),
	('2027-12-25', 'Noël'),
	('2028-01-01', 'Jour de l’an'),
	('2028-04-17', 'Lundi de Pâques'),
	('2028-05-01', 'Fête du Travail'),
	('2028-05-08', 'Fête de la Victoire'),
	('2028-05-25', 'Ascension'),
	('2028-06-05', 'Lundi de Pentecôte'),
	('2028-07-14', 'Fête nationale'),
	('2028-08-15', 'Assomption'),
	('2028-11-01', 'Toussaint'),
	('2028-11-11', 'Armistice'),
	('2028-12-25', 'Noël');
INSERT INTO public.reference_dataset VALUES
	('communes', '@etalab/decoupage-administratif', '6.0.0', 34964, '2026-11-23 07:30:00+00'),
	('calendar', 'python-holidays', '0.109, zone B, 2025–2028', 69, '2026-11-23 07:30:00+00');
INSERT INTO public.school_holiday VALUES
	(1, 'B', 'Vacances de Noël', '2024-12-21', '2025-01-05'),
	(2, 'B', 'Vacances d’hiver', '2025-02-08', '2025-02-23'),
	(3, 'B', 'Vacances de printemps', '2025-04-05', '2025-04-21'),
	(4, 'B', 'Pont de l’Ascension', '2025-05-29', '2025-06-01'),
	(5, 'B', 'Vacances d’été', '2025-07-05', '2025-08-31'),
	(6, 'B', 'Vacances de la Toussaint', '2025-10-18', '2025-11-02'),
	(7, 'B', 'Vacances de Noël', '2025-12-20', '2026-01-04'),
	(8, 'B', 'Vacances d’hiver', '2026-02-14', '2026-03-01'),
	(9, 'B', 'Vacances de printemps', '2026-04-11', '2026-04-26'),
	(10, 'B', 'Pont de l’Ascension', '2026-05-14', '2026-05-17'),
	(11, 'B', 'Vacances d’été', '2026-07-04', '2026-08-31'),
	(12, 'B', 'Vacances de la Toussaint', '2026-10-17', '2026-11-01'),
	(13, 'B', 'Vacances de Noël', '2026-12-19', '2027-01-03'),
	(14, 'B', 'Vacances d’hiver', '2027-02-20', '2027-03-07'),
	(15, 'B', 'Vacances de printemps', '2027-04-17', '2027-05-02'),
	(16, 'B', 'Pont de l’Ascension', '2027-05-06', '2027-05-09'),
	(17, 'B', 'Vacances d’été', '2027-07-03', '2027-09-01'),
	(18, 'B', 'Vacances de la Toussaint', '2027-10-23', '2027-11-07'),
	(19, 'B', 'Vacances de Noël', '2027-12-18', '2028-01-02'),
	(20, 'B', 'Vacances d’hiver', '2028-02-05', '2028-02-20'),
	(21, 'B', 'Vacances de printemps', '2028-04-08', '2028-04-23'),
	(22, 'B', 'Pont de l’Ascension', '2028-05-25', '2028-05-28'),
	(23, 'B', 'Vacances d’été', '2028-07-05', '2028-09-03'),
	(24, 'B', 'Vacances de la Toussaint', '2028-10-21', '2028-11-05'),
	(25, 'B', 'Vacances de Noël', '2028-12-23', '2029-01-07');
INSERT INTO public.season VALUES
	(1, '2026-2027', '2026-09-01', '2027-08-31');
INSERT INTO public.site VALUES
	(1, 'Accueil de loisirs Les Marronniers', '3 rue de l’École, 80110 Moreuil'),
	(2, 'Accueil périscolaire des Deux-Vallées', '1 place de la Mairie, 80110 Démuin'),
	(3, 'Centre animation jeunesse', '8 rue du Stade, 80250 Ailly-sur-Noye');
INSERT INTO public.staff_role VALUES
	(1, 1, 'file_clerk', NULL, NULL),
	(2, 2, 'regisseur', NULL, NULL),
	(3, 3, 'youth_worker', NULL, NULL),
	(4, 4, 'administrator', NULL, NULL);
INSERT INTO public.tariff_bracket VALUES
	(1, 1, 1, 0, 45000, 210),
	(2, 1, 1, 45000, 75000, 320),
	(3, 1, 1, 75000, 110000, 420),
	(4, 1, 1, 110000, NULL, 530),
	(5, 1, 2, 0, 45000, 250),
	(6, 1, 2, 45000, 75000, 340),
	(7, 1, 2, 75000, 110000, 410),
	(8, 1, 2, 110000, NULL, 480),
	(9, 1, 3, 0, 45000, 210),
	(10, 1, 3, 45000, 75000, 320),
	(11, 1, 3, 75000, 110000, 420),
	(12, 1, 3, 110000, NULL, 530),
	(13, 2, 1, 0, 45000, 220),
	(14, 2, 1, 45000, 75000, 330),
	(15, 2, 1, 75000, 110000, 430),
	(16, 2, 1, 110000, NULL, 540),
	(17, 2, 2, 0, 45000, 260),
	(18, 2, 2, 45000, 75000, 350),
	(19, 2, 2, 75000, 110000, 420),
	(20, 2, 2, 110000, NULL, 490),
	(21, 2, 3, 0, 45000, 220),
	(22, 2, 3, 45000, 75000, 330),
	(23, 2, 3, 75000, 110000, 430),
	(24, 2, 3, 110000, NULL, 540),
	(25, 3, 4, 0, 45000, 80),
	(26, 3, 4, 45000, 75000, 120),
	(27, 3, 4, 75000, 110000, 160),
	(28, 3, 4, 110000, NULL, 200),
	(29, 3, 5, 0, 45000, 100),
	(30, 3, 5, 45000, 75000, 150),
	(31, 3, 5, 75000, 110000, 200),
	(32, 3, 5, 110000, NULL, 250),
	(33, 4, 4, 0, 45000, 90),
	(34, 4, 4, 45000, 75000, 130),
	(35, 4, 4, 75000, 110000, 170),
	(36, 4, 4, 110000, NULL, 210),
	(37, 4, 5, 0, 45000, 110),
	(38, 4, 5, 45000, 75000, 160),
	(39, 4, 5, 75000, 110000, 210),
	(40, 4, 5, 110000, NULL, 260),
	(41, 5, 6, 0, 45000, 500),
	(42, 5, 6, 45000, 75000, 700),
	(43, 5, 6, 75000, 110000, 900),
	(44, 5, 6, 110000, NULL, 1100),
	(45, 5, 7, 0, 45000, 200),
	(46, 5, 7, 45000, 75000, 300),
	(47, 5, 7, 75000, 110000, 400),
	(48, 5, 7, 110000, NULL, 500),
	(49, 6, 6, 0, 45000, 510),
	(50, 6, 6, 45000, 75000, 710),
	(51, 6, 6, 75000, 110000, 910),
	(52, 6, 6, 110000, NULL, 1110),
	(53, 6, 7, 0, 45000, 210),
	(54, 6, 7, 45000, 75000, 310),
	(55, 6, 7, 75000, 110000, 410),
	(56, 6, 7, 110000, NULL, 510);
INSERT INTO public.tariff_version VALUES
	(1, 1, '2026-09-01'),
	(2, 1, '2027-01-01'),
	(3, 2, '2026-09-01'),
	(4, 2, '2027-01-01'),
	(5, 3, '2026-09-01'),
	(6, 3, '2027-01-01');
INSERT INTO public.unit VALUES
	(1, 1, 'Matin', '07:30:00', '11:45:00', false, 1),
	(2, 1, 'Repas', '12:15:00', '13:15:00', true, 2),
	(3, 1, 'Après-midi', '13:45:00', '18:00:00', false, 3),
	(4, 2, 'Acc matin', '07:00:00', '09:00:00', false, 1),
	(5, 2, 'Acc soir', '16:30:00', '19:00:00', false, 2),
	(6, 3, 'Journée', '09:00:00', '17:00:00', false, 1),
	(7, 3, 'Veillée', '18:30:00', '22:00:00', false, 2);
INSERT INTO public.user_account VALUES
	(1, 'agent@example.org', 'Nadia Lambert', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-09-25 06:30:00+00'),
	(2, 'regie@example.org', 'Philippe Roche', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-09-25 06:30:00+00'),
	(3, 'animation@example.org', 'Sami Benali', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-09-25 06:30:00+00'),
	(4, 'admin@example.org', 'Camille Lenoir', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-09-25 06:30:00+00'),
	(5, 'parent@example.org', 'Fabrice TEST', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:00:00+00'),
	(6, 'claire.bernard@example.org', 'Claire BERNARD', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:01:00+00'),
	(7, 'thomas.lefevre@example.org', 'Thomas LEFÈVRE', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:02:00+00'),
	(8, 'julie.moreau@example.org', 'Julie MOREAU', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:03:00+00'),
	(9, 'karim.petit@example.org', 'Karim PETIT', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:04:00+00'),
	(10, 'sandrine.dubois@example.org', 'Sandrine DUBOIS', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:05:00+00'),
	(11, 'mathieu.fontaine@example.org', 'Mathieu FONTAINE', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:06:00+00'),
	(12, 'aicha.garnier@example.org', 'Aïcha GARNIER', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:07:00+00'),
	(13, 'nicolas.roussel@example.org', 'Nicolas ROUSSEL', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:08:00+00'),
	(14, 'elodie.caron@example.org', 'Élodie CARON', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:09:00+00'),
	(15, 'stephane.lemaire@example.org', 'Stéphane LEMAIRE', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:10:00+00'),
	(16, 'ines.delattre@example.org', 'Inès DELATTRE', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:11:00+00'),
	(17, 'paul.mercier@example.org', 'Paul MERCIER', '$argon2id$v=19$m=19456,t=2,p=1$2Szg+ykadMkZDNDRUeE1Bw$SeTsP3LzOqCZIexT80lym9P5bHYHogpMy0DW1WntWgg', '2026-10-01 07:12:00+00');
INSERT INTO public.user_token VALUES
	(1, '1cd791747c2621f18d7699e2565996c7e39cd74eea17c4664d93c66663c08c2d', 5, 'activation', '2026-10-08 07:00:00+00', '2026-10-01 10:30:00+00'),
	(2, 'b917a13c035dd2ecee4bb6999997d58b8b058d98eb1ed101c82cdeed59abc48f', 6, 'activation', '2026-10-08 07:01:00+00', '2026-10-01 10:31:00+00'),
	(3, 'd236fb9d54fc4f6f9f7cb14d3158aec0e59fa50d4ecbba0739cdc4c0a5f75feb', 7, 'activation', '2026-10-08 07:02:00+00', '2026-10-01 10:32:00+00'),
	(4, 'e6dd0166bad575ea5890908f8168d79f1cd7a2d888d67758568f4cb3dfd7df79', 8, 'activation', '2026-10-08 07:03:00+00', '2026-10-01 10:33:00+00'),
	(5, '3f9a5c917a466afb5fe93e05d2cface8726c03d53dcc1070a6e58ea9b2225754', 9, 'activation', '2026-10-08 07:04:00+00', '2026-10-01 10:34:00+00'),
	(6, 'a816c5c8643a8f48d5b78e1e83b7630c877e189d291c7b84cdb3a1b338534ab3', 10, 'activation', '2026-10-08 07:05:00+00', '2026-10-01 10:35:00+00'),
	(7, '720cabc74a14eecd7a7981e09a6c6dfbdf79e0c53a35ce7b50399976dff33937', 11, 'activation', '2026-10-08 07:06:00+00', '2026-10-01 10:36:00+00'),
	(8, '2a82f3f543136b79ec1e2aeabba42dda59ad0b71207b1ac1adc1291a82725088', 12, 'activation', '2026-10-08 07:07:00+00', '2026-10-01 10:37:00+00'),
	(9, 'd9a9cff92f48da2e32c56050fc76db7264bdc1c52b7296dfd764212ad228e908', 13, 'activation', '2026-10-08 07:08:00+00', '2026-10-01 10:38:00+00'),
	(10, '6ef5441d2beb80dab97eb47b2dc46d24243e5376a284ee91db8abc2a5b3cc00c', 14, 'activation', '2026-10-08 07:09:00+00', '2026-10-01 10:39:00+00'),
	(11, 'c8a262ce262f884d6b445c3cb1a016a2c0b37eaa8093e71c3aa0695cd4d5267b', 15, 'activation', '2026-10-08 07:10:00+00', '2026-10-01 10:40:00+00'),
	(12, '184e6c72212882932095becb2674d50a16b7ffc1257703fd6d4a7607281ce9f0', 16, 'activation', '2026-10-08 07:11:00+00', '2026-10-01 10:41:00+00'),
	(13, '1bd359da856447ef24a0bb1ea620df7731315fde4c04ae44bc749efe705a1e16', 17, 'activation', '2026-10-08 07:12:00+00', '2026-10-01 10:42:00+00');
SELECT pg_catalog.setval('public.activity_group_id_seq', 8, false);
SELECT pg_catalog.setval('public.activity_id_seq', 4, false);
SELECT pg_catalog.setval('public.activity_notice_rule_id_seq', 7, false);
SELECT pg_catalog.setval('public.booking_event_id_seq', 506, false);
SELECT pg_catalog.setval('public.booking_id_seq', 442, false);
SELECT pg_catalog.setval('public.capacity_counter_id_seq', 581, false);
SELECT pg_catalog.setval('public.capacity_scope_id_seq', 10, false);
SELECT pg_catalog.setval('public.child_id_seq', 21, false);
SELECT pg_catalog.setval('public.combination_rule_id_seq', 2, false);
SELECT pg_catalog.setval('public.consent_id_seq', 16, false);
SELECT pg_catalog.setval('public.consent_text_id_seq', 2, false);
SELECT pg_catalog.setval('public.council_id_seq', 1, false);
SELECT pg_catalog.setval('public.enrolment_id_seq', 18, false);
SELECT pg_catalog.setval('public.family_address_id_seq', 16, false);
SELECT pg_catalog.setval('public.family_id_seq', 16, false);
SELECT pg_catalog.setval('public.family_quotient_id_seq', 13, false);
SELECT pg_catalog.setval('public.guardian_id_seq', 17, false);
SELECT pg_catalog.setval('public.installation_id_seq', 1, false);
SELECT pg_catalog.setval('public.office_id_seq', 4, false);
SELECT pg_catalog.setval('public.opening_id_seq', 1035, false);
SELECT pg_catalog.setval('public.outbox_mail_id_seq', 6, false);
SELECT pg_catalog.setval('public.save_receipt_id_seq', 1, false);
SELECT pg_catalog.setval('public.school_holiday_id_seq', 26, false);
SELECT pg_catalog.setval('public.season_id_seq', 2, false);
SELECT pg_catalog.setval('public.sign_in_failure_id_seq', 1, false);
SELECT pg_catalog.setval('public.site_id_seq', 4, false);
SELECT pg_catalog.setval('public.staff_role_id_seq', 5, false);
SELECT pg_catalog.setval('public.tariff_bracket_id_seq', 57, false);
SELECT pg_catalog.setval('public.tariff_version_id_seq', 7, false);
SELECT pg_catalog.setval('public.unit_id_seq', 8, false);
SELECT pg_catalog.setval('public.user_account_id_seq', 18, false);
SELECT pg_catalog.setval('public.user_session_id_seq', 1, false);
SELECT pg_catalog.setval('public.user_token_id_seq', 14, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.activity
    ADD CONSTRAINT pk_activity PRIMARY KEY (id);
ALTER TABLE ONLY public.activity_group
    ADD CONSTRAINT pk_activity_group PRIMARY KEY (id);
ALTER TABLE ONLY public.activity_notice_rule
    ADD CONSTRAINT pk_activity_notice_rule PRIMARY KEY (id);
ALTER TABLE ONLY public.booking
    ADD CONSTRAINT pk_booking PRIMARY KEY (id);
ALTER TABLE ONLY public.booking_event
    ADD CONSTRAINT pk_booking_event PRIMARY KEY (id);
ALTER TABLE ONLY public.capacity_counter
    ADD CONSTRAINT pk_capacity_counter PRIMARY KEY (id);
ALTER TABLE ONLY public.capacity_scope
    ADD CONSTRAINT pk_capacity_scope PRIMARY KEY (id);
ALTER TABLE ONLY public.capacity_scope_group
    ADD CONSTRAINT pk_capacity_scope_group PRIMARY KEY (scope_id, group_id);
ALTER TABLE ONLY public.capacity_scope_unit
    ADD CONSTRAINT pk_capacity_scope_unit PRIMARY KEY (scope_id, unit_id);
ALTER TABLE ONLY public.child
    ADD CONSTRAINT pk_child PRIMARY KEY (id);
ALTER TABLE ONLY public.combination_rule
    ADD CONSTRAINT pk_combination_rule PRIMARY KEY (id);
ALTER TABLE ONLY public.combination_rule_unit
    ADD CONSTRAINT pk_combination_rule_unit PRIMARY KEY (rule_id, unit_id);
ALTER TABLE ONLY public.commune
    ADD CONSTRAINT pk_commune PRIMARY KEY (insee_code);
ALTER TABLE ONLY public.commune_postal_code
    ADD CONSTRAINT pk_commune_postal_code PRIMARY KEY (insee_code, postal_code);
ALTER TABLE ONLY public.consent
    ADD CONSTRAINT pk_consent PRIMARY KEY (id);
ALTER TABLE ONLY public.consent_text
    ADD CONSTRAINT pk_consent_text PRIMARY KEY (id);
ALTER TABLE ONLY public.council
    ADD CONSTRAINT pk_council PRIMARY KEY (id);
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT pk_enrolment PRIMARY KEY (id);
ALTER TABLE ONLY public.family
    ADD CONSTRAINT pk_family PRIMARY KEY (id);
ALTER TABLE ONLY public.family_address
    ADD CONSTRAINT pk_family_address PRIMARY KEY (id);
ALTER TABLE ONLY public.family_child
    ADD CONSTRAINT pk_family_child PRIMARY KEY (family_id, child_id);
ALTER TABLE ONLY public.family_quotient
    ADD CONSTRAINT pk_family_quotient PRIMARY KEY (id);
ALTER TABLE ONLY public.guardian
    ADD CONSTRAINT pk_guardian PRIMARY KEY (id);
ALTER TABLE ONLY public.installation
    ADD CONSTRAINT pk_installation PRIMARY KEY (id);
ALTER TABLE ONLY public.office
    ADD CONSTRAINT pk_office PRIMARY KEY (id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT pk_opening PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox_mail
    ADD CONSTRAINT pk_outbox_mail PRIMARY KEY (id);
ALTER TABLE ONLY public.public_holiday
    ADD CONSTRAINT pk_public_holiday PRIMARY KEY (day);
ALTER TABLE ONLY public.reference_dataset
    ADD CONSTRAINT pk_reference_dataset PRIMARY KEY (name);
ALTER TABLE ONLY public.save_receipt
    ADD CONSTRAINT pk_save_receipt PRIMARY KEY (id);
ALTER TABLE ONLY public.school_holiday
    ADD CONSTRAINT pk_school_holiday PRIMARY KEY (id);
ALTER TABLE ONLY public.season
    ADD CONSTRAINT pk_season PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_in_failure
    ADD CONSTRAINT pk_sign_in_failure PRIMARY KEY (id);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT pk_site PRIMARY KEY (id);
ALTER TABLE ONLY public.staff_role
    ADD CONSTRAINT pk_staff_role PRIMARY KEY (id);
ALTER TABLE ONLY public.tariff_bracket
    ADD CONSTRAINT pk_tariff_bracket PRIMARY KEY (id);
ALTER TABLE ONLY public.tariff_version
    ADD CONSTRAINT pk_tariff_version PRIMARY KEY (id);
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT pk_unit PRIMARY KEY (id);
ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT pk_user_account PRIMARY KEY (id);
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT pk_user_session PRIMARY KEY (id);
ALTER TABLE ONLY public.user_token
    ADD CONSTRAINT pk_user_token PRIMARY KEY (id);
ALTER TABLE ONLY public.activity_group
    ADD CONSTRAINT uq_activity_group_activity_id_name UNIQUE (activity_id, name);
ALTER TABLE ONLY public.activity_notice_rule
    ADD CONSTRAINT uq_activity_notice_rule_activity_id_action UNIQUE (activity_id, action);
ALTER TABLE ONLY public.activity
    ADD CONSTRAINT uq_activity_season_id_name UNIQUE (season_id, name);
ALTER TABLE ONLY public.capacity_counter
    ADD CONSTRAINT uq_capacity_counter_day_scope_id UNIQUE (day, scope_id);
ALTER TABLE ONLY public.family_address
    ADD CONSTRAINT uq_family_address_family_id_starts_on UNIQUE (family_id, starts_on);
ALTER TABLE ONLY public.family_quotient
    ADD CONSTRAINT uq_family_quotient_family_id_starts_on UNIQUE (family_id, starts_on);
ALTER TABLE ONLY public.guardian
    ADD CONSTRAINT uq_guardian_family_id_user_id UNIQUE (family_id, user_id);
ALTER TABLE ONLY public.office
    ADD CONSTRAINT uq_office_prefix UNIQUE (prefix);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT uq_opening_day_unit_id_group_id UNIQUE (day, unit_id, group_id);
ALTER TABLE ONLY public.save_receipt
    ADD CONSTRAINT uq_save_receipt_user_id_key UNIQUE (user_id, key);
ALTER TABLE ONLY public.season
    ADD CONSTRAINT uq_season_name UNIQUE (name);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT uq_site_name UNIQUE (name);
ALTER TABLE ONLY public.staff_role
    ADD CONSTRAINT uq_staff_role_user_id_role_office_id_site_id UNIQUE (user_id, role, office_id, site_id);
ALTER TABLE ONLY public.tariff_bracket
    ADD CONSTRAINT uq_tariff_bracket_version_id_unit_id_qf_from_cents UNIQUE (version_id, unit_id, qf_from_cents);
ALTER TABLE ONLY public.tariff_version
    ADD CONSTRAINT uq_tariff_version_activity_id_starts_on UNIQUE (activity_id, starts_on);
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT uq_unit_activity_id_name UNIQUE (activity_id, name);
ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT uq_user_account_email UNIQUE (email);
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT uq_user_session_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.user_token
    ADD CONSTRAINT uq_user_token_token_hash UNIQUE (token_hash);
CREATE INDEX ix_booking_child_day ON public.booking USING btree (child_id, day);
CREATE INDEX ix_booking_event_booking_id ON public.booking_event USING btree (booking_id);
CREATE INDEX ix_booking_family_day ON public.booking USING btree (family_id, day);
CREATE INDEX ix_booking_opening_id ON public.booking USING btree (opening_id);
CREATE INDEX ix_child_folded_name ON public.child USING btree (folded_name);
CREATE INDEX ix_commune_folded_name ON public.commune USING btree (folded_name);
CREATE INDEX ix_commune_postal_code_postal_code ON public.commune_postal_code USING btree (postal_code);
CREATE INDEX ix_consent_family_id ON public.consent USING btree (family_id);
CREATE INDEX ix_enrolment_child_id ON public.enrolment USING btree (child_id);
CREATE INDEX ix_enrolment_family_child ON public.enrolment USING btree (family_id, child_id);
CREATE INDEX ix_enrolment_status ON public.enrolment USING btree (status);
CREATE INDEX ix_family_child_child_id ON public.family_child USING btree (child_id);
CREATE INDEX ix_family_folded_name ON public.family USING btree (folded_name);
CREATE INDEX ix_family_status ON public.family USING btree (status);
CREATE INDEX ix_guardian_email ON public.guardian USING btree (email);
CREATE INDEX ix_guardian_family_id ON public.guardian USING btree (family_id);
CREATE INDEX ix_guardian_folded_name ON public.guardian USING btree (folded_name);
CREATE INDEX ix_guardian_user_id ON public.guardian USING btree (user_id);
CREATE INDEX ix_outbox_mail_created_at ON public.outbox_mail USING btree (created_at);
CREATE INDEX ix_outbox_mail_family_id ON public.outbox_mail USING btree (family_id);
CREATE INDEX ix_outbox_mail_status ON public.outbox_mail USING btree (status);
CREATE INDEX ix_save_receipt_saved_at ON public.save_receipt USING btree (saved_at);
CREATE INDEX ix_sign_in_failure_subject_hash ON public.sign_in_failure USING btree (subject_hash);
CREATE INDEX ix_staff_role_user_id ON public.staff_role USING btree (user_id);
CREATE INDEX ix_user_session_user_id ON public.user_session USING btree (user_id);
CREATE INDEX ix_user_token_user_id ON public.user_token USING btree (user_id);
CREATE UNIQUE INDEX uq_booking_active ON public.booking USING btree (child_id, opening_id) WHERE ((status)::text = ANY ((ARRAY['awaiting_payment'::character varying, 'confirmed'::character varying, 'offered'::character varying, 'requested'::character varying, 'waiting'::character varying])::text[]));
ALTER TABLE ONLY public.activity_group
    ADD CONSTRAINT fk_activity_group_activity_id_activity FOREIGN KEY (activity_id) REFERENCES public.activity(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.activity_notice_rule
    ADD CONSTRAINT fk_activity_notice_rule_activity_id_activity FOREIGN KEY (activity_id) REFERENCES public.activity(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.activity
    ADD CONSTRAINT fk_activity_office_id_office FOREIGN KEY (office_id) REFERENCES public.office(id);
ALTER TABLE ONLY public.activity
    ADD CONSTRAINT fk_activity_season_id_season FOREIGN KEY (season_id) REFERENCES public.season(id);
ALTER TABLE ONLY public.activity
    ADD CONSTRAINT fk_activity_site_id_site FOREIGN KEY (site_id) REFERENCES public.site(id);
ALTER TABLE ONLY public.booking
    ADD CONSTRAINT fk_booking_child_id_child FOREIGN KEY (child_id) REFERENCES public.child(id);
ALTER TABLE ONLY public.booking
    ADD CONSTRAINT fk_booking_enrolment_id_enrolment FOREIGN KEY (enrolment_id) REFERENCES public.enrolment(id);
ALTER TABLE ONLY public.booking_event
    ADD CONSTRAINT fk_booking_event_booking_id_booking FOREIGN KEY (booking_id) REFERENCES public.booking(id);
ALTER TABLE ONLY public.booking_event
    ADD CONSTRAINT fk_booking_event_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.booking
    ADD CONSTRAINT fk_booking_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id);
ALTER TABLE ONLY public.booking
    ADD CONSTRAINT fk_booking_opening_id_opening FOREIGN KEY (opening_id) REFERENCES public.opening(id);
ALTER TABLE ONLY public.capacity_counter
    ADD CONSTRAINT fk_capacity_counter_scope_id_capacity_scope FOREIGN KEY (scope_id) REFERENCES public.capacity_scope(id);
ALTER TABLE ONLY public.capacity_scope_group
    ADD CONSTRAINT fk_capacity_scope_group_group_id_activity_group FOREIGN KEY (group_id) REFERENCES public.activity_group(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.capacity_scope_group
    ADD CONSTRAINT fk_capacity_scope_group_scope_id_capacity_scope FOREIGN KEY (scope_id) REFERENCES public.capacity_scope(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.capacity_scope_unit
    ADD CONSTRAINT fk_capacity_scope_unit_scope_id_capacity_scope FOREIGN KEY (scope_id) REFERENCES public.capacity_scope(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.capacity_scope_unit
    ADD CONSTRAINT fk_capacity_scope_unit_unit_id_unit FOREIGN KEY (unit_id) REFERENCES public.unit(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.combination_rule
    ADD CONSTRAINT fk_combination_rule_unit_id_unit FOREIGN KEY (unit_id) REFERENCES public.unit(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.combination_rule_unit
    ADD CONSTRAINT fk_combination_rule_unit_rule_id_combination_rule FOREIGN KEY (rule_id) REFERENCES public.combination_rule(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.combination_rule_unit
    ADD CONSTRAINT fk_combination_rule_unit_unit_id_unit FOREIGN KEY (unit_id) REFERENCES public.unit(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.commune_postal_code
    ADD CONSTRAINT fk_commune_postal_code_insee_code_commune FOREIGN KEY (insee_code) REFERENCES public.commune(insee_code) ON DELETE CASCADE;
ALTER TABLE ONLY public.consent
    ADD CONSTRAINT fk_consent_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.consent
    ADD CONSTRAINT fk_consent_text_id_consent_text FOREIGN KEY (text_id) REFERENCES public.consent_text(id);
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_activity_id_activity FOREIGN KEY (activity_id) REFERENCES public.activity(id);
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_child_id_child FOREIGN KEY (child_id) REFERENCES public.child(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_decided_by_id_user_account FOREIGN KEY (decided_by_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_group_id_activity_group FOREIGN KEY (group_id) REFERENCES public.activity_group(id);
ALTER TABLE ONLY public.enrolment
    ADD CONSTRAINT fk_enrolment_requested_by_id_user_account FOREIGN KEY (requested_by_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.family_address
    ADD CONSTRAINT fk_family_address_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.family_address
    ADD CONSTRAINT fk_family_address_insee_code_commune FOREIGN KEY (insee_code) REFERENCES public.commune(insee_code);
ALTER TABLE ONLY public.family_child
    ADD CONSTRAINT fk_family_child_child_id_child FOREIGN KEY (child_id) REFERENCES public.child(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.family_child
    ADD CONSTRAINT fk_family_child_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.family
    ADD CONSTRAINT fk_family_decided_by_id_user_account FOREIGN KEY (decided_by_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.family_quotient
    ADD CONSTRAINT fk_family_quotient_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.family_quotient
    ADD CONSTRAINT fk_family_quotient_verified_by_id_user_account FOREIGN KEY (verified_by_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.guardian
    ADD CONSTRAINT fk_guardian_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.guardian
    ADD CONSTRAINT fk_guardian_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT fk_opening_group_id_activity_group FOREIGN KEY (group_id) REFERENCES public.activity_group(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT fk_opening_unit_id_unit FOREIGN KEY (unit_id) REFERENCES public.unit(id);
ALTER TABLE ONLY public.outbox_mail
    ADD CONSTRAINT fk_outbox_mail_family_id_family FOREIGN KEY (family_id) REFERENCES public.family(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.save_receipt
    ADD CONSTRAINT fk_save_receipt_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.staff_role
    ADD CONSTRAINT fk_staff_role_office_id_office FOREIGN KEY (office_id) REFERENCES public.office(id);
ALTER TABLE ONLY public.staff_role
    ADD CONSTRAINT fk_staff_role_site_id_site FOREIGN KEY (site_id) REFERENCES public.site(id);
ALTER TABLE ONLY public.staff_role
    ADD CONSTRAINT fk_staff_role_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tariff_bracket
    ADD CONSTRAINT fk_tariff_bracket_unit_id_unit FOREIGN KEY (unit_id) REFERENCES public.unit(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tariff_bracket
    ADD CONSTRAINT fk_tariff_bracket_version_id_tariff_version FOREIGN KEY (version_id) REFERENCES public.tariff_version(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tariff_version
    ADD CONSTRAINT fk_tariff_version_activity_id_activity FOREIGN KEY (activity_id) REFERENCES public.activity(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT fk_unit_activity_id_activity FOREIGN KEY (activity_id) REFERENCES public.activity(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT fk_user_session_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_token
    ADD CONSTRAINT fk_user_token_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
