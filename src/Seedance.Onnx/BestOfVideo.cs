using System.Collections.Immutable;

namespace Seedance.Onnx;

/// <summary>The best of several videos of one plan with seeds that follow one another, chosen by the pack's reward graph. Immutable.</summary>
/// <param name="Video">The best, to be decoded as it is read; its plan has the seed that makes it again.</param>
/// <param name="Scores">What was thought of each, in the order of their seeds.</param>
/// <param name="Stages">What making and judging all of them took.</param>
public sealed record BestOfVideo(GeneratedVideo Video, ImmutableArray<VideoScore> Scores, IReadOnlyList<StageReport> Stages);
