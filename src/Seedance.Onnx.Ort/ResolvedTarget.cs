namespace Seedance.Onnx.Ort;

/// <summary>What graphs run on here: an <see cref="ExecutionTarget"/> after its providers were tried.</summary>
/// <param name="Provider">The provider that gets the nodes.</param>
/// <param name="Target">What was asked for.</param>
/// <param name="Skipped">The providers that were preferred and cannot be had, in the order in which they were tried.</param>
public sealed record ResolvedTarget(ExecutionProvider Provider, ExecutionTarget Target, IReadOnlyList<SkippedProvider> Skipped);
