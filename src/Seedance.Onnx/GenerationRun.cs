using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>One carrying out of a plan.</summary>
/// <param name="Plan">What is made.</param>
/// <param name="Latents">Latents that are there already, [C, f, h, w], normalised; null if they are to be made.</param>
/// <param name="Events">Who wants to hear of it.</param>
/// <param name="Clock">Measures the stages.</param>
internal sealed record GenerationRun(GenerationPlan Plan, ReadOnlyMemory<float>? Latents, GenerationEvents Events, StageClock Clock);
