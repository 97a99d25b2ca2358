using System.Runtime.InteropServices;

namespace Seedance.Onnx;

/// <summary>How far a generation is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Step">Steps of the stage that are done, from 0.</param>
/// <param name="Steps">Steps of the stage in all: evaluations of the transformer, or frames of the clip.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct GenerationProgress(GenerationStage Stage, int Step, int Steps);
