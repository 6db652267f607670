"""The SageMaker control plane: documents, their life cycles and AWS's errors."""
