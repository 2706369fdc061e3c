CREATE TYPE public.shelf AS ENUM (
    'FICTION',
    'SCIENCE',
    'À_LA_CARTE'
);
CREATE TABLE public.author (
    id integer NOT NULL,
    name character varying(100) NOT NULL,
    born date,
    teacher_id integer
);
CREATE SEQUENCE public.author_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.author_id_seq OWNED BY public.author.id;
CREATE TABLE public.book (
    id integer NOT NULL,
    title character varying(200) NOT NULL,
    printing integer NOT NULL,
    pages integer,
    copies bigint NOT NULL,
    current boolean NOT NULL,
    lent boolean,
    text text,
    bought timestamp without time zone NOT NULL,
    seen timestamp with time zone,
    printed date,
    opens time without time zone,
    loan interval,
    price numeric(10,2),
    weight double precision,
    shelf public.shelf,
    facts json,
    cover bytea,
    token uuid NOT NULL,
    CONSTRAINT pages_not_negative CHECK ((pages >= 0))
);
CREATE TABLE public.book_author (
    book_id integer NOT NULL,
    author_id integer NOT NULL,
    place smallint NOT NULL
);
CREATE SEQUENCE public.book_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.book_id_seq OWNED BY public.book.id;
CREATE TABLE public.loan (
    id uuid NOT NULL,
    book_id integer NOT NULL,
    ends timestamp without time zone
);
CREATE TABLE public.page (
    book_id integer NOT NULL,
    number integer NOT NULL,
    content text NOT NULL
);
ALTER TABLE ONLY public.author ALTER COLUMN id SET DEFAULT nextval('public.author_id_seq'::regclass);
ALTER TABLE ONLY public.book ALTER COLUMN id SET DEFAULT nextval('public.book_id_seq'::regclass);
SELECT pg_catalog.setval('public.author_id_seq', 1, false);
SELECT pg_catalog.setval('public.book_id_seq', 1, false);
ALTER TABLE ONLY public.author
    ADD CONSTRAINT author_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.book_author
    ADD CONSTRAINT book_author_pkey PRIMARY KEY (book_id, author_id);
ALTER TABLE ONLY public.book
    ADD CONSTRAINT book_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.book
    ADD CONSTRAINT book_title_printing_key UNIQUE (title, printing);
ALTER TABLE ONLY public.book
    ADD CONSTRAINT book_token_key UNIQUE (token);
ALTER TABLE ONLY public.loan
    ADD CONSTRAINT loan_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_pkey PRIMARY KEY (book_id, number);
CREATE INDEX by_lower_title ON public.book USING btree (lower((title)::text));
CREATE INDEX ix_author_name ON public.author USING btree (name);
CREATE UNIQUE INDEX one_current_of_a_title ON public.book USING btree (title) WHERE current;
ALTER TABLE ONLY public.author
    ADD CONSTRAINT author_teacher_id_fkey FOREIGN KEY (teacher_id) REFERENCES public.author(id);
ALTER TABLE ONLY public.book_author
    ADD CONSTRAINT book_author_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.author(id);
ALTER TABLE ONLY public.book_author
    ADD CONSTRAINT book_author_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.book(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.loan
    ADD CONSTRAINT loan_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.book(id);
ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.book(id) ON DELETE CASCADE;
