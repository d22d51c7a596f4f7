"""The roles that a hospital has; a pathway gives work to these alone."""

from collections.abc import Mapping
from types import MappingProxyType

from pathways.language.texts import Text

ROLES: Mapping[str, Text] = MappingProxyType(
    {
        name: Text(zh=zh, en=en)
        for name, zh, en in (
            ("diabetes-nurse", "糖尿病专科护士", "Diabetes nurse"),
            ("ward-nurse", "病房护士", "Ward nurse"),
            ("outpatient-nurse", "门诊护士", "Outpatient nurse"),
            ("community-nurse", "社区护士", "Community nurse"),
            ("head-nurse", "护士长", "Head nurse"),
            ("follow-up-nurse", "随访护士", "Follow-up nurse"),
            ("midwife", "助产士", "Midwife"),
            ("obstetric-nurse", "产科护士", "Obstetric nurse"),
            ("obstetrician", "产科医师", "Obstetrician"),
            ("neonatal-nurse", "新生儿科护士", "Neonatal nurse"),
            ("dental-nurse", "口腔护士", "Dental nurse"),
            ("oral-surgeon", "口腔种植医师", "Oral surgeon"),
            ("tcm-nurse", "中医护士", "Nurse of Chinese medicine"),
            ("tcm-doctor", "中医医师", "Doctor of Chinese medicine"),
            ("psychologist", "心理医师", "Psychologist"),
            ("social-worker", "医务社工", "Social worker"),
            ("patient-relations", "患者关系专员", "Patient relations officer"),
            ("attending-doctor", "主治医师", "Attending doctor"),
            ("resident-doctor", "住院医师", "Resident doctor"),
            ("chief-doctor", "主任医师", "Chief doctor"),
            ("on-call-doctor", "值班医师", "Doctor on call"),
            ("family-doctor", "家庭医生", "Family doctor"),
            ("nutritionist", "营养师", "Nutritionist"),
            ("pharmacist", "药师", "Pharmacist"),
            ("health-educator", "健康教育师", "Health educator"),
            ("case-manager", "个案管理师", "Case manager"),
            ("department-director", "科室主任", "Department director"),
            ("clinical-lead", "临床负责人", "Clinical lead"),
            ("quality-office", "质量管理办公室", "Quality office"),
            ("medical-affairs", "医务处", "Medical affairs office"),
            ("operator", "系统管理员", "Operator"),
        )
    }
)
"""What people read for each role, by its name in a pathway."""
