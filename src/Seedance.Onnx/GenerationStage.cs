namespace Seedance.Onnx;

/// <summary>What a pipeline does one after the other for a request.</summary>
public enum GenerationStage
{
    /// <summary>Prompts become features.</summary>
    Text,

    /// <summary>Given images become latents; not there for a video from words alone.</summary>
    Condition,

    /// <summary>Words become the semantic tokens of the whole video, step by step, or another video's frames do; not there for a pack whose transformer follows none.</summary>
    Semantic,

    /// <summary>Noise becomes latents, step by step.</summary>
    Denoise,

    /// <summary>Latents become frames.</summary>
    Decode,

    /// <summary>Frames become scores; not there unless the best of several videos is asked for.</summary>
    Judge,

    /// <summary>Frames become larger; not there unless the request asks for more than the transformer makes.</summary>
    Upscale,

    /// <summary>Frames become a file.</summary>
    Encode,
}
