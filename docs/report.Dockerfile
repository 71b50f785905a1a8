# The course, to look at hand-ins where they can do no harm: docs/teaching.md, "Hand-ins".
FROM python:3.12-slim
WORKDIR /course
COPY requirements.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt
COPY pyproject.toml ./
COPY data data
COPY notebooks notebooks
COPY src src
ENV PYTHONPATH=/course/src PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["python", "-m", "tunesmith.publish.handed_in", "/handed-in", "--csv", "-"]
