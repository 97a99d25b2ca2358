namespace Seedance.Onnx.Memory;

/// <summary>The most memory that a generation is planned to hold at once, beyond what the process held before its pipeline was opened. In bytes.</summary>
/// <param name="WeightBytes">The weights of all graphs, which stay loaded, and what loading them takes besides.</param>
/// <param name="TextBytes">Prompts become features.</param>
/// <param name="DenoiseBytes">Noise becomes latents: values inside the transformer, its inputs and outputs, and what the solver keeps.</param>
/// <param name="DecodeBytes">Latents become frames: values inside the decoder for as much as it decodes at once under the limit, and the frames of the whole clip; of a video in windows those of two.</param>
/// <remarks>
/// Estimated from the graphs' operators at the planned shapes, with what allocators keep on top: more than is used, seldom less than half too much.
/// Where no limit is set, a stage's memory may stay with its graph while later ones work, as long as the process holds less than an eighth of what it may have.
/// FFmpeg, a process of its own, is not counted, and neither are the runtimes of .NET and ONNX.
/// </remarks>
public sealed record MemoryPlan(long WeightBytes, long TextBytes, long DenoiseBytes, long DecodeBytes)
{
    /// <summary>Given images become latents: values inside the encoder; 0 for a video from words alone.</summary>
    public long ConditionBytes { get; init; }

    /// <summary>Semantic tokens of the whole video are made, or read off another video's frames; 0 where the transformer follows none.</summary>
    public long SemanticBytes { get; init; }

    /// <summary>The first frame is decoded while latents are made; 0 where nobody looks.</summary>
    public long PreviewBytes { get; init; }

    /// <summary>Frames become larger while others are decoded: values inside the upscaler for a tile of a chunk, and the large frames of the whole clip; 0 where they are not.</summary>
    public long UpscaleBytes { get; init; }

    /// <summary>What one generation needs beside the weights: that of its largest stage.</summary>
    public long WorkingBytes => Math.Max(Math.Max(TextBytes, Math.Max(ConditionBytes, SemanticBytes)), Math.Max(DenoiseBytes + PreviewBytes, DecodeBytes + UpscaleBytes));

    /// <summary>Weights and one generation.</summary>
    public long PeakBytes => WeightBytes + WorkingBytes;
}
