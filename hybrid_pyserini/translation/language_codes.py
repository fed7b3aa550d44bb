"""Our language codes -> those of a translation model's tokenizer.

M2M-100 has mostly ISO 639-1's (``de``), NLLB those of FLORES-200 (``deu_Latn``). The table holds the languages that
both or ISO 639-1 and NLLB have, of each the form that CLDR calls likely, and of a macrolanguage the one that NLLB has;
tests compare it with transformers' own lists and with CLDR.
"""

from collections.abc import Collection

from hybrid_pyserini.languages import script, short

_PAIRS = (
    "af=afr_Latn am=amh_Ethi ar=arb_Arab as=asm_Beng ast=ast_Latn ay=ayr_Latn az=azj_Latn ba=bak_Cyrl be=bel_Cyrl "
    "bg=bul_Cyrl bm=bam_Latn bn=ben_Beng bo=bod_Tibt bs=bos_Latn ca=cat_Latn ceb=ceb_Latn cs=ces_Latn cy=cym_Latn "
    "da=dan_Latn de=deu_Latn dz=dzo_Tibt ee=ewe_Latn el=ell_Grek en=eng_Latn eo=epo_Latn es=spa_Latn et=est_Latn "
    "eu=eus_Latn fa=pes_Arab fi=fin_Latn fj=fij_Latn fo=fao_Latn fr=fra_Latn ga=gle_Latn gd=gla_Latn gl=glg_Latn "
    "gn=grn_Latn gu=guj_Gujr ha=hau_Latn he=heb_Hebr hi=hin_Deva hr=hrv_Latn ht=hat_Latn hu=hun_Latn hy=hye_Armn "
    "id=ind_Latn ig=ibo_Latn ilo=ilo_Latn is=isl_Latn it=ita_Latn ja=jpn_Jpan jv=jav_Latn ka=kat_Geor kg=kon_Latn "
    "ki=kik_Latn kk=kaz_Cyrl km=khm_Khmr kn=kan_Knda ko=kor_Hang kr=knc_Latn ks=kas_Arab ku=kmr_Latn ky=kir_Cyrl "
    "lb=ltz_Latn lg=lug_Latn li=lim_Latn ln=lin_Latn lo=lao_Laoo lt=lit_Latn lv=lvs_Latn mg=plt_Latn mi=mri_Latn "
    "mk=mkd_Cyrl ml=mal_Mlym mn=khk_Cyrl mr=mar_Deva ms=zsm_Latn mt=mlt_Latn my=mya_Mymr ne=npi_Deva nl=nld_Latn "
    "nn=nno_Latn no=nob_Latn ny=nya_Latn oc=oci_Latn om=gaz_Latn or=ory_Orya pa=pan_Guru pl=pol_Latn ps=pbt_Arab "
    "pt=por_Latn rn=run_Latn ro=ron_Latn ru=rus_Cyrl rw=kin_Latn sa=san_Deva sc=srd_Latn sd=snd_Arab sg=sag_Latn "
    "si=sin_Sinh sk=slk_Latn sl=slv_Latn sm=smo_Latn sn=sna_Latn so=som_Latn sq=als_Latn sr=srp_Cyrl ss=ssw_Latn "
    "st=sot_Latn su=sun_Latn sv=swe_Latn sw=swh_Latn ta=tam_Taml te=tel_Telu tg=tgk_Cyrl th=tha_Thai ti=tir_Ethi "
    "tk=tuk_Latn tl=tgl_Latn tn=tsn_Latn tr=tur_Latn ts=tso_Latn tt=tat_Cyrl ug=uig_Arab uk=ukr_Cyrl ur=urd_Arab "
    "uz=uzn_Latn vi=vie_Latn wo=wol_Latn xh=xho_Latn yi=ydd_Hebr yo=yor_Latn zh=zho_Hans zu=zul_Latn "
)
NLLB = dict(pair.split("=") for pair in _PAIRS.split())
"""ISO 639-1 (or 639-3, where that has none) -> NLLB's code."""

_SHORT = {code: language for language, code in NLLB.items()}


def code_in(language: str, known: Collection[str]) -> str | None:
    """The code among ``known`` that means a language; None where there is none.

    The language's own code, if it is there; else the other form of it. A script that is not the language's usual one
    is only found where the model tells it apart: ``zh_tw`` is ``zho_Hant`` to NLLB, and nothing to M2M-100.
    """
    if language in known:
        return language
    usual = _SHORT.get(language, short(language.split("_")[0]))
    if script(language) == "Hant":
        others = ["zho_Hant"]
    elif language in _SHORT or script(language) == script(usual):
        others = [usual, NLLB.get(usual, "")]
    else:
        others = []
    return next((code for code in others if code in known), None)
