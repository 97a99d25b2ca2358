using System.Runtime.InteropServices;

namespace Seedance.Onnx.Optimization;

/// <summary>How far an optimisation is.</summary>
/// <param name="Graph">The graph's role in the pack, or its file's name.</param>
/// <param name="Step">What is being done with it.</param>
/// <param name="Runs">How often the graph ran for this so far.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OptimizationProgress(string Graph, OptimizationStep Step, int Runs);
