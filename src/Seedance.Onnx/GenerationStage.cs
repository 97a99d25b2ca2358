namespace Seedance.Onnx;

/// <summary>What a pipeline does one after the other for a request.</summary>
public enum GenerationStage
{
    /// <summary>Prompts become features.</summary>
    Text,

    /// <summary>Given images become latents; not there for a video from words alone.</summary>
    Condition,

    /// <summary>Noise becomes latents, step by step.</summary>
    Denoise,

    /// <summary>Latents become frames.</summary>
    Decode,

    /// <summary>Frames become a file.</summary>
    Encode,
}
