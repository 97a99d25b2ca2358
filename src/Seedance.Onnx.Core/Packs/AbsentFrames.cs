namespace Seedance.Onnx.Packs;

/// <summary>What condition channels hold for frames that nobody gave.</summary>
public enum AbsentFrames
{
    /// <summary>"zeros": latents of 0. Each image is encoded alone, as a clip of one frame.</summary>
    Zeros,

    /// <summary>"grey": what the VAE encoder makes of frames of 0, the middle of [−1, 1], in one clip with those that were given.</summary>
    Grey,
}
