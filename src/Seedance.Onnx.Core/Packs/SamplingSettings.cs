using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Packs;

/// <summary>How a graph that gives a velocity is sampled when a request does not say.</summary>
/// <param name="Solver">The solver.</param>
/// <param name="Steps">Steps of the schedule, 1 to 1000.</param>
/// <param name="Guidance">The guidance scale, 0 to 100; 1 means no guidance.</param>
/// <param name="Shift">The flow shift of its noise levels, above 0; null for the scheduler's.</param>
public sealed record SamplingSettings(SolverKind Solver, int Steps, double Guidance, double? Shift = null);
