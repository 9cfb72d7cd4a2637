//! Answers "!ping" in any room that the bot is in: `ping http://127.0.0.1:8080 TOKEN`.
use chat_client::{Client, Followed, NewMessage, Patience};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [_, url, token] = <[String; 3]>::try_from(std::env::args().collect::<Vec<_>>()).unwrap_or_default();
    let (mut follower, poster) = Client::new(&url)?.with_token(&token).follow(Patience::default());
    while let Some(heard) = follower.next().await {
        if let Followed::Event { room_id, seq, frame } = heard
            && frame.pointer("/type") == Some(&"new_message".into())
            && frame.pointer("/message/content") == Some(&"!ping".into())
        {
            let pong = NewMessage::new(room_id, "pong").known_as(format!("pong-{seq}"));
            poster.post(pong).await?;
        }
    }
    Ok(())
}
