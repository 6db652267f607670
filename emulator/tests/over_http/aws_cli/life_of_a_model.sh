#!/usr/bin/env bash
# The whole life of a model, as someone with nothing but the AWS CLI would script it.
#   life_of_a_model.sh FOLDER NAME
# FOLDER holds sourcedir.tar.gz, channels.json and hyperparameters.json; NAME is for all that is
# made. Progress goes to stderr; stdout is one line per fact, which the caller compares.
set -euo pipefail
cd "$1"
name=$2

image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3
role=arn:aws:iam::000000000000:role/execution
variant=VariantName=primary,InstanceType=ml.m5.large,InitialInstanceCount=1,InitialVariantWeight=1

fact() { printf '%s: %s\n' "$1" "$2"; }
sagemaker() { aws sagemaker "$@"; }

# The waiters of the CLI sleep for 30 s and 120 s between two looks; this looks more often.
settled() { # settled MEMBER DESCRIBE-COMMAND...
  local member=$1
  shift
  until [[ ! $(sagemaker "$@" --query "$member" --output text) =~ ^(InProgress|Creating|Updating)$ ]]; do
    sleep 0.2
  done
}

echo "==> train" >&2
aws s3 mb "s3://$name"
aws s3 cp --no-progress sourcedir.tar.gz "s3://$name/code/sourcedir.tar.gz" >&2
sagemaker create-training-job --training-job-name "$name" --role-arn "$role" \
  --algorithm-specification "TrainingImage=$image,TrainingInputMode=File" \
  --input-data-config file://channels.json --hyper-parameters file://hyperparameters.json \
  --output-data-config "S3OutputPath=s3://$name/jobs" \
  --resource-config InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=1 \
  --stopping-condition MaxRuntimeInSeconds=600 --tags Key=step,Value=train >&2
settled TrainingJobStatus describe-training-job --training-job-name "$name"
sagemaker wait training-job-completed-or-stopped --training-job-name "$name"
artifact=$(sagemaker describe-training-job --training-job-name "$name" \
  --query ModelArtifacts.S3ModelArtifacts --output text)
fact artifact "$artifact"
fact jobs "$(sagemaker list-training-jobs --name-contains "$name" --status-equals Completed \
  --query 'TrainingJobSummaries[].TrainingJobName' --output text)"

echo "==> serve" >&2
model=$(sagemaker create-model --model-name "$name" --execution-role-arn "$role" \
  --primary-container "Image=$image,ModelDataUrl=$artifact" --query ModelArn --output text)
for config in "$name-1" "$name-2"; do
  sagemaker create-endpoint-config --endpoint-config-name "$config" \
    --production-variants "ModelName=$name,$variant" >&2
done
sagemaker create-endpoint --endpoint-name "$name" --endpoint-config-name "$name-1" >&2
settled EndpointStatus describe-endpoint --endpoint-name "$name"
sagemaker wait endpoint-in-service --endpoint-name "$name"
printf '1,2' >request.csv
fact content-type "$(aws sagemaker-runtime invoke-endpoint --endpoint-name "$name" \
  --content-type text/csv --body fileb://request.csv answer.txt --query ContentType --output text)"
fact answer "$(cat answer.txt)"
sagemaker update-endpoint --endpoint-name "$name" --endpoint-config-name "$name-2" >&2
settled EndpointStatus describe-endpoint --endpoint-name "$name"
sagemaker wait endpoint-in-service --endpoint-name "$name"
fact serving "$(sagemaker describe-endpoint --endpoint-name "$name" \
  --query EndpointConfigName --output text)"

echo "==> register" >&2
sagemaker create-model-package-group --model-package-group-name "$name" >&2
package=$(sagemaker create-model-package --model-package-group-name "$name" \
  --model-approval-status PendingManualApproval --inference-specification \
  "Containers=[{Image=$image,ModelDataUrl=$artifact}],SupportedContentTypes=text/csv,SupportedResponseMIMETypes=text/csv" \
  --query ModelPackageArn --output text)
sagemaker update-model-package --model-package-arn "$package" \
  --model-approval-status Approved --approval-description "by a script" >&2
fact packages "$(sagemaker list-model-packages --model-package-group-name "$name" \
  --model-approval-status Approved --query 'ModelPackageSummaryList[].ModelPackageVersion' --output text)"

echo "==> tag" >&2
sagemaker add-tags --resource-arn "$model" --tags Key=owner,Value=me Key=gone,Value=soon >&2
sagemaker delete-tags --resource-arn "$model" --tag-keys gone
fact tags "$(sagemaker list-tags --resource-arn "$model" --query 'Tags[].[Key,Value]' --output text)"

echo "==> delete" >&2
sagemaker delete-endpoint --endpoint-name "$name"
sagemaker wait endpoint-deleted --endpoint-name "$name"
for config in "$name-1" "$name-2"; do
  sagemaker delete-endpoint-config --endpoint-config-name "$config"
done
sagemaker delete-model --model-name "$name"
sagemaker delete-model-package --model-package-name "$package"
sagemaker delete-model-package-group --model-package-group-name "$name"
aws s3 rb --force "s3://$name" >/dev/null
fact left "$(sagemaker list-models --name-contains "$name" --query 'length(Models)' --output text)"
if sagemaker describe-model --model-name "$name" 2>refusal.txt; then exit 1; fi
fact refusal "$(grep -o 'ValidationException' refusal.txt)"
