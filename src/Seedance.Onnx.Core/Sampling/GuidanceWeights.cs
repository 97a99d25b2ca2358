namespace Seedance.Onnx.Sampling;

/// <summary>Sets how much each guided branch counts at a step; the velocity is the weighted sum of the branches' velocities.</summary>
/// <param name="step">The step, before guidance.</param>
/// <param name="weights">[G]: the weights to set; starts as zeros.</param>
public delegate void GuidanceWeights(SolverStep step, Span<double> weights);
