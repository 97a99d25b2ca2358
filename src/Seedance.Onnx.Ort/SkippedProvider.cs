using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>A provider that cannot be had here.</summary>
/// <param name="Provider">The provider.</param>
/// <param name="Reason">What is missing, and what to do.</param>
public sealed record SkippedProvider(ExecutionProvider Provider, string Reason);
