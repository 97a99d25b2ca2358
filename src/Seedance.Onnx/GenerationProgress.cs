using System.Runtime.InteropServices;

namespace Seedance.Onnx;

/// <summary>How far a generation is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Step">Steps of the stage that are done, from 0.</param>
/// <param name="Steps">Steps of the stage in all: evaluations of the transformer, which may become fewer while it is done, or frames of the clip.</param>
/// <param name="Window">Which part of the video it is, from 0; of encoding, the part that the frame is from.</param>
/// <param name="Windows">Parts of the video, each of which goes through the stages; 1 unless it is longer than the transformer makes at once.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct GenerationProgress(GenerationStage Stage, int Step, int Steps, int Window = 0, int Windows = 1);
