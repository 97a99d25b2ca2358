namespace Seedance.Onnx.Packs;

/// <summary>What graphs of a pack can be for. A role is the graph's key in seedance.json.</summary>
public static class GraphRoles
{
    /// <summary>Strings in, token ids and their mask out.</summary>
    public const string Tokenizer = "tokenizer";

    /// <summary>Token ids in, text features out.</summary>
    public const string TextEncoder = "text_encoder";

    /// <summary>An image in, image features out.</summary>
    public const string ImageEncoder = "image_encoder";

    /// <summary>Latents, a timestep and conditions in, the velocity out.</summary>
    public const string Transformer = "transformer";

    /// <summary>What stands in for the transformer below a noise level, in a pack with two experts. It takes and gives the same.</summary>
    public const string SecondTransformer = "transformer_2";

    /// <summary>A transformer that was distilled to few steps; run in place of the transformer unless a request wants that. It takes and gives the same.</summary>
    public const string DistilledTransformer = "transformer_distilled";

    /// <summary>Frames in, the latents' distribution out.</summary>
    public const string VaeEncoder = "vae_encoder";

    /// <summary>Frames in, the distribution of semantic tokens out: to make a video after another's.</summary>
    public const string SemanticEncoder = "semantic_encoder";

    /// <summary>What a transformer is for latents, for the semantic tokens of a whole video.</summary>
    public const string SemanticTransformer = "semantic_transformer";

    /// <summary>Latents in, frames out.</summary>
    public const string VaeDecoder = "vae_decoder";

    /// <summary>Latents in, frames out, from a smaller network: for previews, and where speed counts more than the last decibel.</summary>
    public const string ThinVaeDecoder = "vae_decoder_thin";

    /// <summary>Frames in, larger frames out.</summary>
    public const string Upscaler = "upscaler";

    /// <summary>Frames and text features in, four scores out: to choose among several videos.</summary>
    public const string Reward = "reward";

    /// <summary>Every role, in the order in which a video is made.</summary>
    public static IReadOnlyList<string> All { get; } = [Tokenizer, TextEncoder, ImageEncoder, VaeEncoder, SemanticEncoder, SemanticTransformer, Transformer, SecondTransformer, DistilledTransformer, VaeDecoder, ThinVaeDecoder, Reward, Upscaler];

    /// <summary>The roles of graphs that give a velocity.</summary>
    public static IReadOnlyList<string> Transformers { get; } = [SemanticTransformer, Transformer, SecondTransformer, DistilledTransformer];

    /// <summary>The roles without which no text becomes a video.</summary>
    public static IReadOnlyList<string> Required { get; } = [Tokenizer, TextEncoder, Transformer, VaeDecoder];
}
