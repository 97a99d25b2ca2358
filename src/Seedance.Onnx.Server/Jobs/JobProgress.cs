using System.Text.Json.Serialization;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>How far a running job is. Immutable.</summary>
/// <param name="Stage">What is being done; null before the first step.</param>
/// <param name="Step">Steps of the stage that are done.</param>
/// <param name="Steps">Steps of the stage in all.</param>
/// <param name="Window">Which part of the video it is, from 0.</param>
/// <param name="Windows">Parts that the video is made in, one after another.</param>
/// <param name="Look">Which look lies in the job's folder, from 1: the video's first frame as it would come out now; 0 before the first.</param>
internal sealed record JobProgress(GenerationStage? Stage, int Step, int Steps, int Window, int Windows, int Look)
{
    // Denoising is nearly all of the time; frames are encoded while they are decoded.
    private const int DenoiseBegins = 5;
    private const int DecodeBegins = 85;
    private const int Last = 99;

    public static JobProgress None { get; } = new(Stage: null, 0, 0, 0, 1, 0);

    /// <summary>From 0 to 99.</summary>
    [JsonIgnore]
    public int Percent => ((Window * (Last + 1)) + PercentOfWindow) / Windows;

    private int PercentOfWindow => Stage switch
    {
        GenerationStage.Semantic => Between(0, DenoiseBegins),
        GenerationStage.Denoise => Between(DenoiseBegins, DecodeBegins),
        GenerationStage.Decode or GenerationStage.Encode => Between(DecodeBegins, Last),
        _ => 0,
    };

    private int Between(int from, int to) => from + ((to - from) * Step / Math.Max(Steps, 1));
}
